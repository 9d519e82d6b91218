extension PolicyLanguageTests {
    static let corpus = #"""
        111000000000 role:admin
        111111000000 role:Member
        110100000000 role:%(role)s
        111111111111 rule:yes
        000000000000 rule:no
        111111000000 rule:reader
        111111000000 rule:missing
        111111111111 @
        000000000000 !
        100010000100 project_id:%(project_id)s
        100010000000 user_id:%(owner)s
        100100100100 'public':%(visibility)s
        111111111111 "public":public
        000000000000 visibility:%(visibility)s
        111000000000 is_admin:True
        000111111000 is_admin:False
        100100100100 None:%(nothing)s
        100100100100 True:%(flag)s
        100100100100 1:%(number)s
        111111111111 1.5:1.5
        111111000000 roles:reader
        111000000000 token.project.id:p1
        111000000000 token.roles:x
        000000000000 token.absent:x
        000000000000 absent:None
        111000000000 system_scope:all
        111111000000 domain_id:None
        000010000000 user_id:u-%(project_id)s
        000000111000 user_id:u1%%
        000000000000 project_id:%(absent)s
        000000111111 not domain_id:None
        000000000000 None:%(nothing)s AND role:%(role)s AND not role:Member
        000010000000 Not (visibility:%(visibility)s) AND user_id:%(owner)s AND is_admin:False
        000000000000 (visibility:%(visibility)s AND (absent:None and token.project.id:p1 AND NOT "public":public))
        011011111111 Not (rule:missing and not (absent:None) and None:%(nothing)s and rule:missing)
        011011011011 Not ('public':%(visibility)s)
        000000111000 user_id:u1%% AND NOT role:%(role)s
        100100100100 not "public":public and project_id:%(project_id)s or None:%(nothing)s
        011101111111 Not user_id:%(owner)s
        000111111111 NOT token.roles:x
        111101111111 NOT user_id:u-%(project_id)s
        000111111111 (NOT roles:reader or Not token.project.id:p1)
        100010000000 project_id:%(absent)s Or NOT @ Or user_id:%(owner)s
        111111000111 NOT user_id:u1%%
        111111111111 NOT (!)
        011011011011 not 'public':%(visibility)s
        111000000111 Not is_admin:False
        011000000000 not (token.roles:x AND 'public':%(visibility)s Or NOT role:admin)
        000000000000 (role:%(role)s and (role:%(role)s and 1.5:1.5 AND token.absent:x))
        111111111111 (Not (rule:no) or Not (True:%(flag)s) and (Not ! and @))
        111111111111 Not !
        000000111111 not (rule:missing)
        111101111111 Not user_id:u-%(project_id)s
        111111000000 ((domain_id:None or rule:no) or roles:reader or token.project.id:p1 AND not user_id:u1%%)
        111111100100 ((role:admin Or True:%(flag)s) Or rule:reader Or absent:None)
        011011011011 NOT ((None:%(nothing)s and 'public':%(visibility)s Or 1:%(number)s))
        100100100100 Not (Not True:%(flag)s)
        100000000000 ('public':%(visibility)s AND role:admin and role:%(role)s or not (rule:no or "public":public))
        111111111111 ((token.roles:x Or not 'public':%(visibility)s) AND NOT project_id:%(project_id)s or NOT !)
        111101111111 not (user_id:u-%(project_id)s)
        111111111111 not (None:%(nothing)s and user_id:u1%% and Not (rule:missing) and system_scope:all)
        111111000000 domain_id:None or project_id:%(absent)s and Not rule:yes
        111111111111 not (((rule:no Or token.absent:x) AND (! or @)))
        000000000000 (not rule:yes AND None:%(nothing)s)
        111111000000 not (!) AND visibility:%(visibility)s or role:Member or roles:reader or system_scope:all
        000000011011 NOT (project_id:%(absent)s Or (rule:reader or 'public':%(visibility)s or token.roles:x))
        111111111111 NOT ! or rule:yes
        000000111111 NOT (((rule:reader Or system_scope:all) AND user_id:%(owner)s or domain_id:None))
        000000000000 NOT ((NOT project_id:%(project_id)s and token.absent:x Or "public":public Or role:Member))
        111111111111 1.5:1.5 and not absent:None
        000000111111 Not rule:reader
        000010000000 (user_id:u-%(project_id)s or (("public":public Or 1:%(number)s) AND Not @))
        000010000000 not (Not user_id:u-%(project_id)s)
        000000011011 NOT ((('public':%(visibility)s Or role:Member) Or system_scope:all))
        111111000000 token.roles:x or rule:reader Or rule:missing
        100010000100 (project_id:%(project_id)s AND project_id:%(project_id)s)
        000000111111 Not ((token.roles:x Or token.project.id:p1 Or role:Member or domain_id:None))
        111011111111 not role:%(role)s or project_id:%(project_id)s or token.project.id:p1
        001011111111 Not role:%(role)s
        """#
}
