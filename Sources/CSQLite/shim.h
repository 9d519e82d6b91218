#include <sqlite3.h>

// Result codes that are macros over other macros, which Swift cannot import.
enum {
    glance_sqlite_constraint_primary_key = SQLITE_CONSTRAINT_PRIMARYKEY,
    glance_sqlite_constraint_unique = SQLITE_CONSTRAINT_UNIQUE
};
