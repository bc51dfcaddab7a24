/** This package's error messages that differ from PostgreSQL's in their wording or in the object that they name. */
export const OTHER_MESSAGES: ReadonlySet<string> = new Set([
  '"m" is not a table',
  '"q" is not partitioned',
  '"t" is not a sequence',
  'FOR UPDATE is not allowed with GROUP BY clause',
  'aggregate functions are not allowed in CHECK',
  'aggregate functions are not allowed in MERGE WHEN AND',
  'bound of FOR loop cannot be null',
  'cannot alter type "x" because column "t.v" uses it',
  'cannot change data type of view column "b" from text to character varying',
  'cannot drop type mood because other objects depend on it',
  'column "a" of relation "m" already exists',
  'column "id" of relation "l" already exists',
  'column "id" of relation "u" already exists',
  'column "nothing" named in key does not exist',
  'column "nothing" of relation "t" does not exist',
  'column "v" is of type integer but expression is of type text',
  'column "x" of relation "u" does not exist',
  'constraint "p_pkey" of relation "p" is not a foreign key, check, or not-null constraint',
  'domain "nothing" does not exist',
  'duplicate key value violates unique constraint "m_b_idx"',
  'function add_job has no argument "n"',
  'function add_job has no argument "name"',
  'insert or update on table "jb" violates foreign key constraint "qf"',
  'int4 is not a domain',
  'invalid input value for enum mood: "none"',
  'invalid value for parameter "statement_timeout": "-1"',
  'missing FROM-clause entry for table "n"',
  'missing FROM-clause entry for table "t"',
  'number of referencing and referenced columns for foreign key disagree',
  'operator @>(numrange,numrange) is not commutative',
  'operator >>(numrange,numrange) is not commutative',
  'operator <>(integer,integer) is not a member of an operator family of the index',
  'return type mismatch in function declared to return record',
  'table name "t" specified more than once',
  'value for domain positive violates check constraint "positive_check"',
  'window functions are not allowed in JOIN/ON',
])

/**
 * Error details of this package that differ from PostgreSQL's. If only PostgreSQL's error has a detail, the set
 * contains the message of this package's error.
 */
export const OTHER_DETAILS: ReadonlySet<string> = new Set([
  'Failing row contains (4, 5000, z).',
  'Key (name, (expression))=(a, new) already exists.',
  'Key (numrange(x, (expression)))=([1,2)) conflicts with existing key (numrange(x, (expression)))=([1.5,2.5)).',
  'Key (numrange(x, (expression)))=([2.5,3.5)) conflicts with existing key (numrange(x, (expression)))=([2,3)).',
  'Key (room, during)=(1, [3,4)) conflicts with key (room, during)=(1, [1,5)).',
  'Key columns "x" and "id" are of incompatible types: text and integer.',
  'The input string ended unexpectedly.',
  'Token "1" is invalid.',
  'Token "2" is invalid.',
  'Token "]" is invalid.',
  'Token "}" is invalid.',
  'cannot concatenate incompatible arrays',
  'cannot drop column id of table a because other objects depend on it',
  'cannot drop column u of table p because other objects depend on it',
  'cannot drop constraint a_pkey on table a because other objects depend on it',
  'cannot drop sequence t_id_seq because other objects depend on it',
  'cannot execute MERGE on relation "m"',
  'column "v" does not exist',
  'column id of table t depends on type pos',
  'column mail of table t depends on type email',
  'constraint qf on table job depends on table q',
  'function f depends on type d',
  'structure of query does not match function result type',
  'table s.t depends on schema s',
  'table shop.t depends on schema shop',
  'trigger t2 on table t depends on function tr()',
  'view v depends on table t',
])

/**
 * Error messages with another position than PostgreSQL's. An error without a position is never compared with
 * PostgreSQL's position.
 */
export const OTHER_POSITIONS: ReadonlySet<string> = new Set([
  'CASE types integer and text cannot be matched',
  'a column definition list is only allowed for functions returning "record"',
  'a column definition list is redundant for a function with OUT parameters',
  'collations are not supported by type integer',
  'operator does not exist: text < integer',
  'relation "absent" does not exist',
  'subquery has too few columns',
  'syntax error at or near "selec"',
  'type "absent" does not exist',
])
