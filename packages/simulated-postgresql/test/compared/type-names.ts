/** Names of types, as format_type and regtype print and read them. */
export const TYPE_NAMES: readonly (readonly string[])[] = [
  [
    'select format_type(0, null), format_type(0, 5), format_type(999999, null), format_type(null, 3), format_type(1042, null), format_type(1042, -1), format_type(1042, 0), format_type(1042, 3), format_type(1042, 4), format_type(1042, 5), format_type(1042, 9)',
    'select format_type(1043, null), format_type(1043, 3), format_type(1043, 4), format_type(1043, 5), format_type(1043, 14), format_type(1015, 14), format_type(1014, 9), format_type(1014, -1), format_type(1231, ((5 << 16) | 2) + 4), format_type(1700, ((5 << 16) | 2) + 4), format_type(1700, -1), format_type(1700, 3)',
    'select format_type(1560, 3), format_type(1560, -1), format_type(1562, 3), format_type(1562, 0), format_type(1562, -1), format_type(1083, 0), format_type(1083, -1), format_type(1083, 3), format_type(1266, 0), format_type(1266, -1), format_type(1114, 0), format_type(1114, -1), format_type(1184, 6), format_type(1184, -1)',
    'select format_type(1186, -1), format_type(18, -1), format_type(19, -1), format_type(22, -1), format_type(30, -1), format_type(1007, -1), format_type(1002, -1), format_type(114, -1), format_type(199, -1), format_type(2249, -1), format_type(2287, -1), format_type(23, 5), format_type(705, null), format_type(2277, null)',
    'create table t (a interval day to second(3), b interval year, c interval hour to minute, d interval(0), e interval minute to second, f interval year to month, g interval second(2))',
    "select attname, format_type(atttypid, atttypmod) from pg_attribute where attrelid = 't'::regclass and attnum > 0 order by attnum",
    'create type "Mood" as enum (\'sad\')',
    'create domain "select" as int',
    'create schema s',
    'create type s."a""b" as enum (\'x\')',
    'create table u (a "Mood", b "select", c s."a""b", d "Mood"[])',
    "select attname, format_type(atttypid, atttypmod) from pg_attribute where attrelid = 'u'::regclass and attnum > 0 order by attnum",
    "select 'int[]'::regtype, 'numeric(5,2)'::regtype, 'varchar(3)[]'::regtype, 'int[3][4]'::regtype, 'int [ 3 ]'::regtype, '\"Mood\"'::regtype, 'pg_catalog.int4'::regtype, 'timestamp  with  time zone'::regtype, '\"char\"'::regtype, 'char'::regtype, 'DOUBLE PRECISION'::regtype, 'pg_catalog.text[]'::regtype",
    "select 'mood'::regtype",
    "select 's.int4'::regtype",
    "select 'public.int4'::regtype",
    "select 'INT'::regtype, 'dec'::regtype, 'decimal(3)'::regtype, 'float'::regtype, 'real'::regtype, 'time'::regtype, 'time with time zone'::regtype, 'character varying'::regtype, 'boolean'::regtype, 'smallint'::regtype, 'bigint'::regtype, 'character'::regtype",
    'select \'"int"\'::regtype',
    'select \'S."a""b"\'::regtype, \'"s"."a""b"\'::regtype',
  ],
]
