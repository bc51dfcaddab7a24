import { type CatalogueSource, SEPARATOR } from '../../sql/catalogue.ts'
import { openConnection } from './connection.ts'

/** The SQL clause with the separator character. */
const BETWEEN = `SEPARATOR 0x${Buffer.from(SEPARATOR).toString('hex')}`

const TABLES = `
  SELECT c.table_schema, c.table_name,
    CASE WHEN t.table_type LIKE '%VIEW' THEN 'view' WHEN t.engine = 'InnoDB' THEN 'table' ELSE 'other' END,
    (SELECT GROUP_CONCAT(k.column_name ORDER BY k.ordinal_position ${BETWEEN})
       FROM information_schema.key_column_usage k
      WHERE k.table_schema = c.table_schema AND k.table_name = c.table_name AND k.constraint_name = 'PRIMARY'),
    c.column_name, c.column_type,
    (SELECT GROUP_CONCAT(CONCAT('trigger ', g.trigger_name) ORDER BY g.trigger_name ${BETWEEN})
       FROM information_schema.triggers g
      WHERE g.event_object_schema = c.table_schema AND g.event_object_table = c.table_name)
  FROM information_schema.columns c
    JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
  WHERE c.table_schema = DATABASE()
  ORDER BY c.table_name, c.ordinal_position`

const WRITERS = `
  SELECT event_object_table, 'write', action_statement, CONCAT('trigger ', trigger_name), NULL
    FROM information_schema.triggers WHERE event_object_schema = DATABASE()
  UNION ALL SELECT table_name, 'write', view_definition, CONCAT('view ', table_name), NULL
    FROM information_schema.views WHERE table_schema = DATABASE()
  UNION ALL SELECT referenced_table_name, 'delete', table_name, CONCAT('foreign key ', constraint_name), NULL
    FROM information_schema.referential_constraints
    WHERE constraint_schema = DATABASE() AND delete_rule IN ('CASCADE', 'SET NULL')
  UNION ALL SELECT r.referenced_table_name, 'update', r.table_name, CONCAT('foreign key ', r.constraint_name),
      (SELECT GROUP_CONCAT(k.referenced_column_name ${BETWEEN}) FROM information_schema.key_column_usage k
        WHERE k.constraint_schema = r.constraint_schema AND k.constraint_name = r.constraint_name
          AND k.table_name = r.table_name)
    FROM information_schema.referential_constraints r
    WHERE r.constraint_schema = DATABASE() AND r.update_rule IN ('CASCADE', 'SET NULL')
  ORDER BY 1, 2, 3, 4`

const DEFINITIONS = `
  SELECT routine_name, routine_definition, routine_body FROM information_schema.routines
  WHERE routine_schema = DATABASE() ORDER BY 1, 2`

export const mysqlCatalogue: CatalogueSource = {
  kind: 'mysql',
  system: 'MySQL or MariaDB',
  schemes: ['mysql:', 'mariadb:'],
  port: 3_306,
  user: 'root',
  passwordIn: 'MYSQL_PWD',
  tables: TABLES,
  writers: WRITERS,
  definitions: DEFINITIONS,
  isOpaque: (text, language) => language !== 'SQL' || /\b(execute|prepare)\b/i.test(text),
  open: ({ password = '', ...login }) => openConnection({ ...login, password }),
}
