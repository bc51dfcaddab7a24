/** Statements with roles, of which only the names are simulated. */
export const ROLES: readonly (readonly string[])[] = [
  [
    'create table t (id int)',
    'grant select on t to nobody',
    'grant select on t to public, current_user, postgres, pg_monitor',
    'grant select on nothing to public',
    'grant select on nothing to nobody',
    'revoke all on schema public from nobody',
    'alter default privileges in schema public grant select on tables to nobody',
    "create role app login password 'x'",
    'create user app',
    'create user app2 with connection limit 4',
    'grant select, update on t to app',
    'grant app to postgres',
    'grant app to nobody',
    "select rolname from pg_roles where rolname = 'app'",
    'drop role nobody',
    'drop role if exists nobody',
    'alter table t owner to nobody',
    'alter table t owner to current_user',
    'drop table t',
  ],
]
