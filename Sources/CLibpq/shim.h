// libpq and, declared weak, its pipeline calls (PostgreSQL 14): one binary also starts where libpq is 13.
#include <libpq-fe.h>

extern int PQenterPipelineMode(PGconn *connection) __attribute__((weak));
extern int PQpipelineSync(PGconn *connection) __attribute__((weak));

// Puts a connection into pipeline mode. 0 when this libpq has none.
static inline int glance_pq_enter_pipeline(PGconn *connection) {
    return PQenterPipelineMode ? PQenterPipelineMode(connection) : 0;
}

// Ends a group of pipelined commands. 0 when it could not be sent.
static inline int glance_pq_pipeline_sync(PGconn *connection) {
    return PQpipelineSync ? PQpipelineSync(connection) : 0;
}

// PGRES_PIPELINE_SYNC and PGRES_PIPELINE_ABORTED, for headers that lack them.
enum { glance_pq_pipeline_sync_status = 10, glance_pq_pipeline_aborted_status = 11 };

static inline void glance_pq_ignore_notice(void *argument, const char *message) {
    (void)argument;
    (void)message;
}

// Keeps the server's notices off standard error.
static inline void glance_pq_silence_notices(PGconn *connection) {
    PQsetNoticeProcessor(connection, glance_pq_ignore_notice, 0);
}
