import type { Duplex } from 'node:stream'
import type { Fault } from '@chaosproxy/faults'
import { UserError } from '@chaosproxy/history'
import { type PerformOptions, type PlannedRun, type RunOutcome, toldOf } from '@chaosproxy/runner'
import type { Upstream } from '@chaosproxy/targets'
import { observeTraffic } from './observe-traffic.ts'
import type { Recorded } from './plan.ts'
import { requireOperations, requireReached } from './requirements.ts'

const STATUS_EVERY_MS = 100

/** Proxies that are open, for clients in this process. */
export interface OpenProxies {
  /** `host:port` of the proxy, by the name of its server. */
  readonly addresses: ReadonlyMap<string, string>
  /** What connects to a server without a socket, by its name. */
  readonly dials: ReadonlyMap<string, () => Duplex>
  /** Resolves once the fault is in force, to what heals it and tells how often it took effect. @throws UserError */
  hurt(fault: Fault): Promise<() => Promise<number>>
}

/**
 * Opens the proxies and records what passes until `stopped` resolves; then heals and reads one last time.
 *
 * @throws UserError (environment) if a proxy cannot be opened, (input) if no operation was recognised in the traffic.
 */
export async function performHere(
  settings: Recorded,
  run: PlannedRun,
  { sink, begun, settled, listener, interrupted, abandoned }: PerformOptions,
  { opened, stopped }: { opened(proxies: OpenProxies): void; readonly stopped: Promise<void> },
): Promise<RunOutcome> {
  const upstreams = settings.servers.filter((server): server is Upstream => 'upstream' in server)
  const told = listener === undefined ? sink : toldOf(sink, listener)
  const { cluster, observation, stop } = observeTraffic(settings, run, told, { upstreams })
  let status: NodeJS.Timeout | undefined
  try {
    const proxies = await cluster.open()
    begun?.()
    listener?.({ type: 'ready' })
    if (listener !== undefined)
      status = setInterval(
        () => listener({ type: 'status', progress: observation.progress() }),
        STATUS_EVERY_MS,
      ).unref()
    opened({
      addresses: new Map(proxies.map(({ name, listen }) => [name, listen])),
      dials: new Map(proxies.flatMap(({ name, dial }) => (dial === undefined ? [] : [[name, dial]]))),
      hurt,
    })
    await Promise.race([stopped, rejected(abandoned)])
    requireReached(cluster.unreached(), upstreams, observation.progress())
    const outcome = await stop(interrupted?.aborted === true)
    const isWithin = upstreams.every(({ listens }) => listens === false)
    await settled?.(
      Object.fromEntries(proxies.map(({ name, listen, upstream }) => [name, isWithin ? upstream : listen])),
    )
    requireOperations(
      cluster.recorder,
      settings,
      proxies,
      isWithin
        ? "Send requests to the servers' own origins by dispatcherThrough of @chaosproxy/undici, or connect by dial()."
        : 'Send requests to what url() and address() return.',
    )
    return outcome
  } finally {
    clearInterval(status)
    listener?.({ type: 'ending' })
    await new Promise<void>((resolve) => cluster.stop(resolve))
  }

  function hurt(fault: Fault): Promise<() => Promise<number>> {
    return new Promise((resolve, reject) => {
      observation.inject(fault, (outcome) => {
        if (outcome.type === 'failed') {
          const { error } = outcome
          reject(new UserError('usage', error.startsWith(`${fault.kind} `) ? error : `${fault.kind}: ${error}`))
        } else
          resolve(
            () =>
              new Promise<number>((healed, failed) => {
                outcome.heal((end) =>
                  end.type === 'healed' ? healed(end.hits) : failed(new UserError('environment', end.error)),
                )
              }),
          )
      })
    })
  }
}

const rejected = (signal: AbortSignal | undefined): Promise<never> =>
  new Promise((_, reject) => {
    if (signal?.aborted) reject(signal.reason)
    else signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
