import { readBytesFile, readJsonFile, readTextFile } from '@chaosproxy/engine/run'
import { type Carriage, type ConfigPlace, proxiesIn, recordedBy } from '@chaosproxy/proxy/control'
import type { TrafficServer } from '@chaosproxy/runner'

/** A proxy's settings for reading its traffic. */
export interface TrafficSettings {
  readonly server: TrafficServer
  readonly carries: Carriage | 'tcp' | undefined
  readonly written: unknown
}

/** The reader for files that a configuration names. */
export const placeOfConfig = (file: string): ConfigPlace => ({
  where: file,
  readPem: (path) => readTextFile('--config', path),
  readBytes: (path) => readBytesFile('--config', path),
})

/** @throws UserError (input, environment) for a configuration that cannot be read. */
export const configuredTraffic = (file: string): readonly TrafficSettings[] =>
  proxiesIn(readJsonFile('--config', file), placeOfConfig(file)).map(
    ({ settings: { name, upstream, carries }, written }) => ({ server: { name, upstream }, carries, written }),
  )

/** Whether the proxy's own settings define how its traffic is recorded. */
export const isRecordingDefined = ({ carries }: Pick<TrafficSettings, 'carries'>): boolean =>
  carries !== 'tcp' && recordedBy(carries) !== undefined

/** Returns the distinct ways in which proxies record traffic. HTTP versions do not count as different. */
export function recordedWays(settings: readonly TrafficSettings[]): readonly Carriage[] {
  const ways = new Map<string, Carriage>()
  for (const { carries, written } of settings) {
    if (carries === undefined || carries === 'tcp' || recordedBy(carries) === undefined) continue
    const name = nameOfWay(carries, written)
    const known = ways.get(name)
    if (known === undefined || known.kind === 'http2') ways.set(name, carries)
  }
  return [...ways.values()]
}

function nameOfWay({ kind }: Carriage, written: unknown): string {
  if (typeof written !== 'object' || written === null || kind === 'spoken') return JSON.stringify(written)
  return JSON.stringify({ ...written, kind: undefined, websocket: undefined })
}
