import { type Report, verdictOf } from '@chaosproxy/checker'
import { plural } from '@chaosproxy/history'
import type { RunViews } from './result/run-summary.ts'
import type { Settled } from './settlement.ts'

/**
 * Compares both views of a run: what clients were told, and what nodes were asked and answered. If the verdicts differ,
 * either the nodes kept their promise and the clients were misinformed, or the nodes broke it unnoticed by the clients.
 */
export function compareViews(client: Report<string>, backend: Report<string>, settled: Settled): RunViews {
  return { client: client.headline, backend, settled, said: [...differenceOf(client, backend), ...toldOf(settled)] }
}

function differenceOf(client: Report<string>, backend: Report<string>): string[] {
  const [strongest = ''] = Object.keys(backend.levels)
  const told = verdictOf(client, strongest).result
  const kept = verdictOf(backend, strongest).result
  if (told === 'violated' && kept === 'met') return ['the nodes kept their promise; the clients were told wrong']
  if (told === 'met' && kept === 'violated') return ['the nodes broke their promise; no client was told of it']
  return []
}

function toldOf({ neverLeft, untold }: Settled): string[] {
  return [
    ...(untold === 0
      ? []
      : [`${plural(untold, 'answer')} ${untold === 1 ? 'was' : 'were'} sent by a node but never reached the client`]),
    ...(neverLeft === 0
      ? []
      : [
          `${plural(neverLeft, 'request')} ${neverLeft === 1 ? 'was' : 'were'} never sent, so ${neverLeft === 1 ? 'it' : 'they'} certainly had no effect`,
        ]),
  ]
}
