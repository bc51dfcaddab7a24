import { resolve } from 'node:path'
import type { ServiceDeclaration } from '@chaosproxy/engine/references'
import { didYouMean, usageError } from '@chaosproxy/history'

type Besides = NonNullable<ServiceDeclaration['beside']>

interface Typed {
  readonly beside: readonly string[]
  readonly sql: string | undefined
  /** SQL conditions that must hold at the end. */
  readonly asserts: readonly string[]
  /** The isolation level that SQL transactions must keep. */
  readonly isolation: string | undefined
  readonly unit: 'request' | 'connection' | undefined
  readonly standby: boolean
  /** Whether PGlite computes functions that the simulated PostgreSQL lacks. */
  readonly calculator: boolean
}

/**
 * Returns the declared services beside the nodes, completed by the options on the command line.
 *
 * @throws UserError (usage) if `postgres` is mistyped, or if SQL or a standby is given without exactly one database.
 */
export function besidesWith(
  declared: Besides,
  { beside, sql, asserts, isolation, unit, standby, calculator }: Typed,
): Besides {
  const typed = beside.map((text) => namedOf('--beside', text, 'FILE'))
  for (const [name, file] of typed) {
    const meant = file === 'postgres' || /[./\\]/.test(file) ? '' : didYouMean(file, ['postgres'])
    if (meant !== '') throw usageError(`--beside ${name}=${file}: there is no such server.${meant}`)
  }
  const besides: Besides = {
    ...declared,
    ...Object.fromEntries(
      typed.map(([name, file]) => [name, file === 'postgres' ? file : { entry: resolve(file) }] as const),
    ),
  }
  const isConfigured = [sql, isolation, unit].some((each) => each !== undefined) || asserts.length > 0
  if (!isConfigured && !standby && !calculator) return besides
  const [database, another] = Object.entries(besides).filter(([, each]) => each === 'postgres' || 'postgres' in each)
  if (database === undefined && (sql !== undefined || asserts.length > 0))
    throw usageError('SQL is given, but no PostgreSQL. Add --beside pg=postgres.')
  if (database === undefined && isolation === undefined && unit === undefined)
    throw usageError(`--${standby ? 'standby' : 'calculator'} is given, but no PostgreSQL. Add --beside pg=postgres.`)
  if (database === undefined)
    throw usageError(
      isolation === undefined
        ? `--unit ${unit} is about the transactions of a PostgreSQL, and there is none: add --beside pg=postgres --expect serializable.`
        : `--expect ${isolation} is about the transactions of a PostgreSQL, and there is none: add --beside pg=postgres.`,
    )
  if (another !== undefined)
    throw usageError(
      `${standby ? '--standby' : calculator ? '--calculator' : 'An option of PostgreSQL'} is given, but there are several PostgreSQL servers. Leave this option out, and set it for one server in "beside" of the configuration.`,
    )
  const [name, before] = database
  const kept = typeof before === 'object' && 'postgres' in before ? before : { postgres: true as const }
  const expect = isolation ?? kept.expect
  if (unit !== undefined && expect === undefined)
    throw usageError(
      `--unit ${unit} needs the level that the transactions must keep. Give it with --expect, such as --expect serializable.`,
    )
  return {
    ...besides,
    [name]: {
      postgres: sql === undefined ? kept.postgres : resolve(sql),
      assert: asserts.length === 0 ? kept.assert : asserts,
      expect,
      unit: unit ?? kept.unit,
      standby: standby || kept.standby === true,
      calculator: calculator || kept.calculator === true,
    },
  }
}

/** @throws UserError (usage) */
export function namedOf(option: string, text: string, what: 'TEXT' | 'FILE'): readonly [name: string, value: string] {
  const at = text.indexOf('=')
  if (at < 1) throw usageError(`${option} ${text}: write NAME=${what}.`)
  return [text.slice(0, at), text.slice(at + 1)]
}
