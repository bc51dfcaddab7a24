import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { millis, UserError } from '@chaosproxy/history'
import type { Recorder } from '@chaosproxy/proxy'
import type { ManagedProxy } from '@chaosproxy/proxy/control'
import { observe, type PerformOptions, type PlannedRun, type RunOutcome } from '@chaosproxy/runner'
import { commandText, fillCommand, startCommand, startKeeper, trafficCluster } from '@chaosproxy/targets'
import { checkTable } from '../proxy/table-functions.ts'
import { finallyOf, type RecordedCommand } from './settings.ts'

const QUIET_MS = millis(10_000)
const STATUS_EVERY_MS = 100
const END_GRACE_MS = 2_000

/**
 * Opens the proxies, runs the command, injects the faults, heals, and reads one last time.
 *
 * @throws UserError (environment) for a proxy or a command that cannot be started, (input) if no operation was
 * recognised in the traffic.
 */
export async function performRecord(
  settings: RecordedCommand,
  run: PlannedRun,
  { sink, logDir, begun, listener, interrupted, abandoned }: PerformOptions,
): Promise<RunOutcome> {
  const { upstreams, carries, timeoutMs, timeMs } = settings
  const seeing = finallyOf(settings)
  const cluster = trafficCluster({
    upstreams,
    carries,
    seed: run.spec.seed,
    finally: seeing,
    checkTable: (table, where) => checkTable(table, where, settings.model),
  })
  const observation = observe({
    cluster,
    workload: run.workload,
    schedule: run.schedule,
    sink,
    timeoutMs,
    quietMs: QUIET_MS,
    canRead: seeing !== undefined,
    seed: run.spec.seed,
  })
  const keeper = startKeeper(() => {})
  let status: NodeJS.Timeout | undefined
  try {
    const proxies = await cluster.open()
    begun?.()
    listener?.({ type: 'ready' })
    mkdirSync(logDir, { recursive: true })
    const command = await startCommand({
      name: settings.command[0],
      command: fillCommand(
        { words: settings.command, environment: { ...environmentOf(proxies), ...settings.environment } },
        placeholdersOf(proxies),
      ),
      logPath: join(logDir, 'command.log'),
      keeper,
      prints: settings.json ? 'stderr' : 'stdout',
    })
    observation.begin()
    status = setInterval(() => listener?.({ type: 'status', progress: observation.progress() }), STATUS_EVERY_MS)
    const end = await Promise.race([
      command.exited,
      aborted(interrupted, 'interrupted' as const),
      aborted(abandoned, 'abandoned' as const),
      late(timeMs),
    ])
    if (command.running()) await command.end(END_GRACE_MS)
    abandoned?.throwIfAborted()
    const outcome = await new Promise<RunOutcome>((resolve) => observation.stop(end === 'interrupted', resolve))
    requireOperations(cluster.recorder, settings, proxies)
    return { ...outcome, trouble: [...outcome.trouble, ...troubleOf(end, settings)] }
  } finally {
    clearInterval(status)
    await keeper.close()
    await new Promise<void>((resolve) => cluster.stop(resolve))
  }
}

type CommandEnd =
  | { readonly code: number | null; readonly signal: NodeJS.Signals | null }
  | 'interrupted'
  | 'abandoned'
  | 'late'

const aborted = <Why>(signal: AbortSignal | undefined, why: Why): Promise<Why> =>
  new Promise((resolve) => {
    if (signal?.aborted) resolve(why)
    else signal?.addEventListener('abort', () => resolve(why), { once: true })
  })

function late(timeMs: number): Promise<'late'> {
  return new Promise((resolve) => {
    setTimeout(() => resolve('late'), timeMs).unref()
  })
}

function troubleOf(end: CommandEnd, { command, mayFail, timeMs }: RecordedCommand): readonly string[] {
  const words = commandText({ words: command })
  if (end === 'late')
    return [`${words} was still running after ${timeMs / 1000} s, and was ended. Give it longer: --time`]
  if (typeof end === 'string' || end.code === 0 || mayFail) return []
  const how = end.signal === null ? `exit code ${end.code}` : end.signal
  return [`${words} ended with ${how}. Where it may fail under faults, say --may-fail`]
}

/** A record without operations proves nothing, yet would look like success. */
function requireOperations(
  { counters }: Recorder,
  { carries, run }: RecordedCommand,
  proxies: readonly ManagedProxy[],
): void {
  if (counters.operations > 0) return
  const { unmatched, notUnderstood, examples, opaqueConnections } = counters
  const table = String(run.spec.workload.settings['as'])
  const seen = unmatched + notUnderstood
  if (seen === 0) {
    const at = proxies.map(({ name, listen }) => `${name} at ${listen}`).join(', ')
    throw new UserError(
      'input',
      opaqueConnections > 0
        ? `Nothing was recorded: what came was not ${carries.kind}. Is --as ${table} right?`
        : `Nothing came by the proxy (${at}). The command has to use it: its address is in CHAOS_PROXY_N1, and {n1} stands for it in --env and in the command.`,
    )
  }
  const [passed] = examples.passedOn
  const [puzzling] = examples.notUnderstood
  const first = passed?.what ?? puzzling?.what ?? 'unknown'
  const why = passed === undefined && puzzling !== undefined ? ` (${puzzling.why})` : ''
  throw new UserError(
    'input',
    `${table}: 0 of ${seen.toLocaleString('en-US')} requests matched; the first was ${first}${why}: ${remedyFor(first, carries.kind)}`,
  )
}

function remedyFor(first: string, kind: string): string {
  if (kind === 'resp')
    return `what is recorded is said by {"kind": "resp"}: strings and hashes; others are counter, set, queue.`
  const [method = 'GET', path = '/'] = first.split(' ')
  const pattern = path.replace(/[^/]+$/, '{key}')
  const route =
    method === 'GET'
      ? { request: `GET ${pattern}`, f: 'read', result: 'json.value' }
      : { request: `${method} ${pattern}`, f: 'write', value: 'json.value' }
  return `add ${JSON.stringify(route)}, say. chaos routes try shows what becomes of a request.`
}

/** `CHAOS_PROXY_N1` has the address of the proxy n1. */
const environmentOf = (proxies: readonly ManagedProxy[]): { readonly [name: string]: string } =>
  Object.fromEntries(
    proxies.map(({ name, listen }) => [`CHAOS_PROXY_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`, listen]),
  )

/** `{n1}`, `{n1.host}` and `{n1.port}`. */
const placeholdersOf = (proxies: readonly ManagedProxy[]): { readonly [name: string]: string } =>
  Object.fromEntries(
    proxies.flatMap(({ name, listen }) => {
      const colon = listen.lastIndexOf(':')
      return [
        [name, listen],
        [`${name}.host`, listen.slice(0, colon)],
        [`${name}.port`, listen.slice(colon + 1)],
      ]
    }),
  )
