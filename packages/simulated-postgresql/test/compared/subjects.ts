import { ADDRESSES } from './addresses.ts'
import { ALTER_COLUMN } from './alter-column.ts'
import { ARRAYS } from './arrays.ts'
import { ASSIGNMENTS } from './assignments.ts'
import { BITS } from './bits.ts'
import { BOUNDS } from './bounds.ts'
import { CATALOGUE } from './catalogue.ts'
import { CHANGED_DEFINITIONS } from './changed-definitions.ts'
import { CHANGES } from './changes.ts'
import { CITEXT } from './citext.ts'
import { COMPOSITE_TYPES } from './composite-types.ts'
import { CONSTRAINTS } from './constraints.ts'
import { DEFINITIONS } from './definitions.ts'
import { DOMAINS } from './domains.ts'
import { EXCLUSION } from './exclusion.ts'
import { INSERTS } from './inserts.ts'
import { JSON_ROWS } from './json-rows.ts'
import { LIMITS } from './limits.ts'
import { MATERIALIZED_VIEWS } from './materialized-views.ts'
import { MERGE } from './merge.ts'
import { OPERATORS } from './operators.ts'
import { OUT_PARAMETERS } from './out-parameters.ts'
import { PARTITIONS } from './partitions.ts'
import { PLPGSQL } from './plpgsql.ts'
import { PRINTED } from './printed.ts'
import { QUERIES } from './queries.ts'
import { RANGES } from './ranges.ts'
import { REFUSED_COMMANDS } from './refused-commands.ts'
import { REFUSED_FUNCTIONS } from './refused-functions.ts'
import { REFUSED_KEYS } from './refused-keys.ts'
import { REFUSED_LOOKUPS } from './refused-lookups.ts'
import { REFUSED_MERGES } from './refused-merges.ts'
import { REFUSED_QUERIES } from './refused-queries.ts'
import { REFUSED_TABLES } from './refused-tables.ts'
import { ROLES } from './roles.ts'
import { SEQUENCES } from './sequences.ts'
import { SESSIONS } from './sessions.ts'
import { SET_ROUTINES } from './set-routines.ts'
import { SETTINGS } from './settings.ts'
import { TEMPORARY } from './temporary.ts'
import { TIME_ZONES } from './time-zones.ts'
import { TYPE_NAMES } from './type-names.ts'
import { UNREAD } from './unread.ts'
import { VALUES } from './values.ts'

/** The scripts, grouped by subject. A script is a list of SQL statements. */
export const SUBJECTS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'functions at their bounds': BOUNDS,
  'changed definitions': CHANGED_DEFINITIONS,
  'changes of rows': CHANGES,
  'PL/pgSQL': PLPGSQL,
  'printed definitions': PRINTED,
  queries: QUERIES,
  'one session': SESSIONS,
  addresses: ADDRESSES,
  arrays: ARRAYS,
  'columns of another type': ALTER_COLUMN,
  'bit strings': BITS,
  'the catalogue': CATALOGUE,
  citext: CITEXT,
  'constraints in the catalogue': CONSTRAINTS,
  'composite types': COMPOSITE_TYPES,
  'definitions of packages': DEFINITIONS,
  domains: DOMAINS,
  'documents as rows': JSON_ROWS,
  'what nothing reads': UNREAD,
  'exclusion constraints': EXCLUSION,
  'values at their limits': LIMITS,
  'materialized views': MATERIALIZED_VIEWS,
  MERGE,
  'OUT parameters and defaults': OUT_PARAMETERS,
  partitions: PARTITIONS,
  ranges: RANGES,
  'foreign keys that are refused': REFUSED_KEYS,
  'tables, columns and constraints that are refused': REFUSED_TABLES,
  sequences: SEQUENCES,
  'rare forms of INSERT': INSERTS,
  'merges that are refused': REFUSED_MERGES,
  'queries that are refused': REFUSED_QUERIES,
  'commands of sessions that are refused': REFUSED_COMMANDS,
  'lookups in the catalogue that are refused': REFUSED_LOOKUPS,
  'functions that are refused': REFUSED_FUNCTIONS,
  roles: ROLES,
  'functions that return sets': SET_ROUTINES,
  'names of types': TYPE_NAMES,
  settings: SETTINGS,
  'assignments to several columns': ASSIGNMENTS,
  operators: OPERATORS,
  'temporary tables': TEMPORARY,
  'time zones': TIME_ZONES,
  'values of base types': VALUES,
}
