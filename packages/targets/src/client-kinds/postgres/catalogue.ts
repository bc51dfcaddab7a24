import type { CatalogueSource } from '../../sql/catalogue.ts'
import { openConnection } from './connection.ts'

const TABLES = `
  SELECT n.nspname, c.relname, CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'view' ELSE 'other' END,
    (SELECT string_agg(k.attname, chr(31) ORDER BY array_position(i.indkey::int2[], k.attnum))
       FROM pg_index i JOIN pg_attribute k ON k.attrelid = i.indrelid AND k.attnum = ANY (i.indkey)
      WHERE i.indrelid = c.oid AND i.indisprimary),
    a.attname, format_type(a.atttypid, a.atttypmod),
    (SELECT string_agg(what, chr(31) ORDER BY what) FROM (
      SELECT 'trigger ' || tgname AS what FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal
      UNION ALL SELECT 'rule ' || rulename FROM pg_rewrite WHERE ev_class = c.oid AND rulename <> '_RETURN') AS t)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
    AND n.nspname NOT LIKE 'pg_toast%' AND NOT c.relispartition
  ORDER BY n.nspname <> 'public', n.nspname, c.relname, a.attnum`

const WRITERS = `
  SELECT c.relname, by, text, name, columns FROM (
    SELECT tgrelid AS named, 'write' AS by, (SELECT proname::text FROM pg_proc WHERE oid = tgfoid) AS text,
        'trigger ' || tgname AS name, NULL AS columns
      FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT ev_class, 'write', pg_get_ruledef(oid), CASE WHEN rulename = '_RETURN'
        THEN 'view ' || (SELECT relname FROM pg_class WHERE oid = ev_class) ELSE 'rule ' || rulename END, NULL
      FROM pg_rewrite
    UNION ALL SELECT confrelid, 'delete', (SELECT relname FROM pg_class WHERE oid = conrelid), 'foreign key ' || conname, NULL
      FROM pg_constraint WHERE contype = 'f' AND confdeltype IN ('c', 'n', 'd')
    UNION ALL SELECT confrelid, 'update', (SELECT relname FROM pg_class WHERE oid = conrelid), 'foreign key ' || conname,
        (SELECT string_agg(attname, chr(31)) FROM pg_attribute WHERE attrelid = confrelid AND attnum = ANY (confkey))
      FROM pg_constraint WHERE contype = 'f' AND confupdtype IN ('c', 'n', 'd')
    UNION ALL SELECT inhrelid, 'write', (SELECT relname FROM pg_class WHERE oid = inhparent),
        'inheritance of ' || (SELECT relname FROM pg_class WHERE oid = inhparent), NULL
      FROM pg_inherits
  ) AS w JOIN pg_class c ON c.oid = w.named JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND c.relkind <> 'm'
  ORDER BY 1, 2, 3, 4`

const DEFINITIONS = `
  SELECT proname, pg_get_functiondef(p.oid), lanname
  FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE prokind IN ('f', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  ORDER BY 1, 2`

/**
 * Languages in which a function's source text names all tables that the function writes. Functions in C count as such,
 * because they hardly ever write a table.
 */
const READABLE = ['sql', 'plpgsql', 'c', 'internal']

export const postgresqlCatalogue: CatalogueSource = {
  kind: 'postgresql',
  system: 'PostgreSQL',
  schemes: ['postgres:', 'postgresql:'],
  port: 5_432,
  user: 'postgres',
  passwordIn: 'PGPASSWORD',
  tables: TABLES,
  writers: WRITERS,
  definitions: DEFINITIONS,
  isOpaque: (text, language) => !READABLE.includes(language) || /\bexecute\b/i.test(text),
  open: openConnection,
}
