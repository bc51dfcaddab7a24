import { USUAL_OUT } from '@chaosproxy/engine/run'
import { usageError } from '@chaosproxy/history'
import { duration } from '@chaosproxy/runner'
import * as v from 'valibot'
import { asDuration, flag, inGroup, valuesOf, word, words } from '../arguments/declare.ts'
import type { ParsedOptions } from '../command.ts'
import type { Options } from '../option.ts'

/** The permissions of clients. The user who starts the server sets them. */
export interface McpSettings {
  readonly out: string
  readonly config: string | undefined
  /** Whether clients may name files of code. If so, the server also reads the configuration of its directory. */
  readonly allowCode: boolean
  /** The longest time that a client may request for a run. */
  readonly longestMs: number
  /** The default proxy, which may be on a different machine. */
  readonly host: string | undefined
  /** `env:NAME`, where the variable NAME holds the token for the default proxy; undefined for `env:CHAOS_TOKEN`. */
  readonly token: string | undefined
  /**
   * `env:NAME` of each token that clients may use for proxies other than the default proxy. These proxies are on this
   * machine.
   */
  readonly otherTokens: readonly string[]
}

const HOUR_MS = 3_600_000
const USUAL_LONGEST_MS = 120_000

const declared = {
  ...inGroup('What clients may do', [], {
    longest: asDuration(
      v.optional(duration('longest duration that a client may request for a run', 100, 24 * HOUR_MS), USUAL_LONGEST_MS),
      { such: '30s, 2m' },
    ),
    config: word('a configuration file, run as code; clients may use what it declares'),
    'allow-code': flag(
      'allow clients to run code from files in the working directory: protocols, workloads, models, clusters',
    ),
  }),
  ...inGroup('Which proxy', [], {
    host: word(
      'address of the control API of the proxy that injects the faults; the proxy may be on another machine [default: the variable CHAOS_PROXY_URL, or 127.0.0.1:8474]',
    ),
    token: words(
      'env:NAME, where the variable NAME holds a token. The first --token is for the proxy of --host; clients may use the others for further proxies on this machine [default: env:CHAOS_TOKEN]',
    ),
  }),
  ...inGroup('Output', [], { out: word('where to create the directories of runs', USUAL_OUT) }),
}

export const mcpOptions: Options = declared

/** @throws UserError (usage) */
export function parseMcpSettings(options: ParsedOptions): McpSettings {
  const { out = USUAL_OUT, config, 'allow-code': allowCode, longest, host, token: tokens } = valuesOf(options, declared)
  const [token, ...otherTokens] = tokens
  if (tokens.some((each) => !each.startsWith('env:')))
    throw usageError(
      '--token: configurations of MCP clients are not secret, so give the variable that holds the token: env:NAME.',
    )
  return {
    out,
    config,
    allowCode,
    longestMs: longest,
    host: host ?? (process.env['CHAOS_PROXY_URL'] || undefined),
    token,
    otherTokens,
  }
}
