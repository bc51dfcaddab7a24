import { beforeAll, expect, test } from 'vitest'
import { createEngine } from '../../src/session/engine.ts'
import type { Session } from '../../src/session/session.ts'
import { NotSupported } from '../../src/sql/error.ts'
import { loadParser, type Statement } from '../../src/sql/parse.ts'
import { SUBJECTS } from '../compared/subjects.ts'
import { randomFrom } from '../random-expressions.ts'

beforeAll(loadParser)

type Path = readonly string[]

/** Yields the paths of the nodes in a parse tree. The last part of a path is the kind of the node. */
function* nodePaths(tree: unknown, path: Path = []): Generator<Path> {
  if (typeof tree !== 'object' || tree === null) return
  for (const [name, part] of Object.entries(tree)) {
    const inner = [...path, name]
    if (/^[A-Z]/.test(name)) yield inner
    yield* nodePaths(part, inner)
  }
}

const SESSION_CONTROL = /\b(?:begin|commit|rollback|savepoint|start transaction)\b/i

/** Nodes to which the test adds no unknown field, because they are only values or names. */
const VALUES = [
  'String',
  'Integer',
  'Float',
  'Boolean',
  'List',
  'A_Const',
  'A_Star',
  'SetToDefault',
  'MergeSupportFunc',
]

/**
 * The nodes of which only some fields are read, each after its parent: they are compared as a text or split, they name a
 * role, or they are privileges, which are not simulated.
 */
const PARTLY_READ = [
  ...['SortBy ColumnRef', 'ResTarget ColumnRef', 'SelectStmt ColumnRef', 'FuncCall ColumnRef', 'IndexElem FuncCall'],
  ...['GroupingFunc ColumnRef', 'GroupingFunc A_Expr', 'GroupingSet RowExpr', 'RowExpr ColumnRef', 'RowExpr A_Expr'],
  ...['SelectStmt BoolExpr', 'UpdateStmt BoolExpr', 'JoinExpr BoolExpr', 'FuncCall NamedArgExpr'],
  ...['MultiAssignRef RowExpr', 'MultiAssignRef SubLink'],
  ...['CreatePolicyStmt RoleSpec', 'GrantStmt RoleSpec', 'GrantRoleStmt RoleSpec', 'DropRoleStmt RoleSpec'],
  ...['GrantStmt', 'GrantStmt AccessPriv', 'GrantRoleStmt AccessPriv'],
]

function run(session: Session, statement: Statement): unknown {
  try {
    return session.execute(statement, []).next().value
  } catch (error) {
    session.fail()
    return error
  }
}

test('a statement with an unknown field in its parse tree is refused', () => {
  let count = 0
  const executed = new Set<string>()
  const tried = new Set<string>()
  for (const script of Object.values(SUBJECTS).flat()) {
    if (script.some((sql) => SESSION_CONTROL.test(sql))) continue
    const random = randomFrom(1)
    const engine = createEngine({
      time: { now: () => 757_382_400_000_000n, after: () => () => {} },
      random: () => random.below(2 ** 30) / 2 ** 30,
      calculator: undefined,
    })
    const listener = { notice() {}, notification() {}, parameter() {}, terminated() {} }
    const session = engine.connect(new Map([['user', 'postgres']]), listener)
    /** Executes a statement in a transaction that is rolled back. */
    const attempt = (statement: Statement): unknown => {
      for (const each of session.parse('begin')) run(session, each)
      const outcome = run(session, statement)
      for (const each of session.parse('rollback')) run(session, each)
      session.sync()
      return outcome
    }
    const statements = script.flatMap((sql) => {
      try {
        return session.parse(sql)
      } catch {
        return []
      }
    })
    for (const statement of statements) {
      for (const path of nodePaths(statement.node)) {
        const kinds = path.filter((name) => /^[A-Z]/.test(name)).slice(-2)
        const place = kinds.join(' ')
        if (VALUES.includes(kinds.at(-1)!) || tried.has(`${place} in ${Object.keys(statement.node)}`)) continue
        if (attempt(statement) instanceof Error) break
        tried.add(`${place} in ${Object.keys(statement.node)}`)
        const node = structuredClone(statement.node)
        const fields = path.reduce<object>((tree, name) => Reflect.get(tree, name), node)
        Reflect.set(fields, 'future', true)
        count += 1
        // Sessions share plans of statements with the same text.
        const sql = `${statement.sql}${' '.repeat(count)}`
        if (!(attempt({ ...statement, node, sql }) instanceof NotSupported)) executed.add(place)
      }
      run(session, statement)
      session.sync()
    }
  }
  expect(count).toBeGreaterThan(300)
  expect([...executed].filter((place) => !PARTLY_READ.includes(place))).toEqual([])
})
