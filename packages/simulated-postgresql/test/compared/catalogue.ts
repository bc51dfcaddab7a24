/** What migrations and schema generators ask of the catalogue about tables that are there. */
export const CATALOGUE: readonly (readonly string[])[] = [
  [
    'create table items (id serial primary key, name varchar(50) unique, "Kind" text, sold int not null default 0, at date)',
    'create index items_kind on items ("Kind" desc, sold nulls first) include (at)',
    'create index on items using hash (sold)',
    'create unique index one on items (sold desc nulls last, at) nulls not distinct',
    'alter table items drop column at',
    'create table sales (id int, item int references items on delete cascade, primary key (item, id) deferrable)',
    'create view sold as select name from items',
    // As Sequelize's sync asks, in a fixed order.
    `select i.relname as name, ix.indisprimary as primary, ix.indisunique as unique, ix.indkey as indkey,
      array_agg(a.attnum order by a.attnum) as column_indexes, array_agg(a.attname order by a.attnum) as column_names,
      pg_get_indexdef(ix.indexrelid) as definition
      from pg_class t, pg_class i, pg_index ix, pg_attribute a
      where t.oid = ix.indrelid and i.oid = ix.indexrelid and a.attrelid = t.oid and t.relkind = 'r' and t.relname = 'sales'
      group by i.relname, ix.indexrelid, ix.indisprimary, ix.indisunique, ix.indkey order by i.relname`,
    `select indexrelid::regclass::text, pg_get_indexdef(indexrelid), pg_get_indexdef(indexrelid, 1, true), indkey, indnatts,
      indnkeyatts, indisunique, indisprimary, indimmediate, indnullsnotdistinct, indisexclusion
      from pg_index where indrelid in ('items'::regclass, 'sales'::regclass) order by 1`,
    "select relname, relkind from pg_class where relnamespace = 'public'::regnamespace and relname ~ '^(items|sales|sold|one)' order by 1",
    `select relname, attname, atttypid, attnum, atttypmod, attnotnull, atthasdef from pg_attribute join pg_class c on c.oid = attrelid
      where relname in ('items', 'sales', 'sold') and not attisdropped order by relname, attnum`,
    'select pg_get_indexdef(1), pg_get_indexdef(null)',
    'drop view sold',
    'drop table sales, items',
  ],
]
