import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ManagedProxy } from '@chaosproxy/proxy/control'
import {
  type CommandProcess,
  type CommandProcessOptions,
  howItEnded,
  startCommand,
} from '../command/command-process.ts'
import { fillCommand } from '../command/placeholders.ts'
import { commandText } from '../processes/command.ts'
import { textOfFile } from '../processes/listening.ts'
import type { TrafficClients } from './observed-traffic.ts'

interface RecordedCommand {
  readonly command: readonly [string, ...string[]]
  readonly environment: { readonly [name: string]: string }
  readonly mayFail: boolean
  readonly timeMs: number
  /**
   * Whether the command is allowed to run until the time limit. If the command still runs then, the run ends the
   * command, and reports no problem.
   */
  readonly endsInTime: boolean
  readonly prints: NonNullable<CommandProcessOptions['prints']>
}

const END_GRACE_MS = 2_000

/** Returns clients that the run starts as one command. The clients have ended when the command has ended. */
export const commandClients = (recorded: RecordedCommand): TrafficClients => ({
  areStarted: true,
  howToUseIt:
    'The command must use the proxy: its address is in CHAOS_PROXY_N1, and replaces {n1} in --env and in the command.',
  async begin({ proxies, placeholders, logDir, keeper }) {
    if (keeper === undefined)
      throw new Error('the keeper process, which ends the command if chaos dies, was not started')
    const { command: words, environment, prints } = recorded
    const authorities = writeAuthorities(proxies, () => join(logDir, 'ca.pem'))
    const command = await startCommand({
      name: words[0],
      command: fillCommand(
        { words, environment: { ...environmentOf(proxies), ...authorities, ...environment } },
        { ...placeholders, ca: authorities['CHAOS_CA'] ?? '' },
      ),
      logPath: join(logDir, 'command.log'),
      keeper,
      prints,
    })
    let failure: string | undefined
    return {
      gone: command.exited,
      failure: () => failure,
      async end(why) {
        const endedItself = !command.running()
        if (!endedItself) await command.end(END_GRACE_MS)
        if (why === 'interrupted') return []
        const end = endedItself ? await command.exited : 'late'
        failure = failureOf(end, recorded)
        return failure === undefined || isExcused(end, recorded)
          ? []
          : [`${failure}. ${remedies[end === 'late' ? 'late' : 'failed']}`]
      },
    }
  },
})

type End = Awaited<CommandProcess['exited']> | 'late'

function failureOf(end: End, { command, timeMs }: RecordedCommand): string | undefined {
  const words = commandText({ words: command })
  if (end === 'late') return `${words} was still running after ${timeMs / 1000} s, and was ended`
  return end.code === 0 ? undefined : `${words} ended with ${howItEnded(end)}`
}

/** Whether this end is expected. The command may be a server, which never ends by itself. */
const isExcused = (end: End, { mayFail, endsInTime }: RecordedCommand): boolean =>
  end === 'late' ? endsInTime : mayFail

const remedies = {
  late: 'Give it longer: --time',
  failed: 'If the command may fail under faults, give --may-fail',
}

/** Returns the proxies' addresses as variables: `CHAOS_PROXY_N1` for n1. */
export const environmentOf = (
  proxies: readonly Pick<ManagedProxy, 'name' | 'listen'>[],
): { readonly [name: string]: string } =>
  Object.fromEntries(
    proxies.map(({ name, listen }) => [`CHAOS_PROXY_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`, listen]),
  )

/**
 * Writes the certificate authorities of these proxies to a PEM file. Returns the variables with its path: `CHAOS_CA`,
 * and `NODE_EXTRA_CA_CERTS` for Node. Empty if no proxy made a certificate.
 */
export function writeAuthorities(
  proxies: readonly Pick<ManagedProxy, 'authority'>[],
  path: () => string,
): { readonly [name: string]: string } {
  const authorities = proxies.flatMap(({ authority }) => authority ?? [])
  if (authorities.length === 0) return {}
  const written = path()
  const before = process.env['NODE_EXTRA_CA_CERTS']
  // Node ignores a file that cannot be read.
  writeFileSync(written, [...authorities, ...(before === undefined ? [] : [textOfFile(before)])].join('\n'))
  return { CHAOS_CA: written, NODE_EXTRA_CA_CERTS: written }
}

/** Returns a file in a temporary directory. The first call of `path` creates the directory. */
export function temporaryFile(name: string): { path(): string; remove(): void } {
  let directory: string | undefined
  return {
    path() {
      directory ??= mkdtempSync(join(tmpdir(), 'chaos-'))
      return join(directory, name)
    },
    remove() {
      if (directory !== undefined) rmSync(directory, { recursive: true, force: true })
    },
  }
}
