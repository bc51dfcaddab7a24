import { readJsonFile } from '@chaosproxy/engine/run'
import { usageError } from '@chaosproxy/history'
import { type ConfigPlace, type ControlPlane, loadProxyConfig } from '@chaosproxy/proxy/control'
import { recordedExamples } from '@chaosproxy/recorder/protocols'
import { placeOfConfig } from './carried.ts'
import type { RecordSettings } from './recording.ts'
import type { ProxyCommandSettings } from './use.ts'

/** Opens the proxies of the configuration file, followed by those of the command line. */
export async function openProxies(
  plane: ControlPlane,
  {
    configFile,
    pairs,
    record,
    carried,
  }: Pick<ProxyCommandSettings, 'configFile' | 'pairs'> & {
    readonly record: Pick<RecordSettings, 'table'> | undefined
    readonly carried?: ConfigPlace['carried']
  },
): Promise<void> {
  if (configFile !== undefined)
    await loadProxyConfig(plane, readJsonFile('--config', configFile), { ...placeOfConfig(configFile), carried })
  for (const { carries } of pairs)
    if (carries !== undefined && 'table' in carries && carries.table !== undefined)
      plane.recording?.checkTable?.(carries.table, record?.table ?? '--carries')
  for (const pair of pairs) await plane.addProxy({ ...pair, enabled: true })
  const proxies = plane.proxies.list()
  if (record === undefined || proxies.length === 0 || proxies.some(({ recordedBy }) => recordedBy !== undefined)) return
  const examples = recordedExamples()
  const remedy =
    record.table === undefined
      ? `Give --record with a route table, or a protocol, such as ${examples}.`
      : configFile === undefined
        ? `--record ${record.table} does not say what to record. Give a route table, or a protocol, such as ${examples}.`
        : `In ${configFile}, remove "carries" from the proxies whose traffic --record ${record.table} describes.`
  throw usageError(
    `Nothing would be recorded: no proxy carries HTTP with a route table, or a protocol that chaos records. ${remedy}`,
  )
}
