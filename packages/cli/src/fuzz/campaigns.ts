import { type Campaign, listCampaigns } from '@chaosproxy/engine'
import { EXIT, type ExitCode } from '@chaosproxy/engine/run'
import { count, duration, plural, usageError } from '@chaosproxy/history'
import { printableLines } from '@chaosproxy/report'
import { print } from '../terminal/output.ts'

/** A live coordinator saves its campaign at least this often. */
const SILENT_MS = 15_000

/** Lists the searches that a queue stores by name. @throws UserError (usage) without a queue. */
export async function printCampaigns(queue: string | undefined): Promise<ExitCode> {
  if (queue === undefined)
    throw usageError('--campaigns needs the queue that stores the campaigns: add --queue redis://host:6379.')
  const campaigns = await listCampaigns(queue)
  const lines = campaigns.map((each) => `${lineOf(each, Date.now())}\n`)
  print(lines.length === 0 ? 'No campaign is kept there.\n' : printableLines(lines.join('')))
  return EXIT.met
}

function lineOf({ name, spec, state, isOver, seenAt }: Campaign, now: number): string {
  const { limit, subject } = spec
  const bug = subject.bug === undefined ? '' : ` with the bug ${subject.bug}`
  const length = 'seeds' in limit ? `${count(limit.seeds)} seeds` : duration(limit.timeMs * 1e6)
  const silentMs = now - seenAt
  const parts = [
    `${name}   ${spec.name}${bug}`,
    `${length} from seed ${spec.firstSeed}`,
    state === undefined
      ? 'nothing searched yet'
      : `${plural(state.tally.sum.trials, 'trial')} in ${duration(state.elapsedMs * 1e6)}, ${plural(state.tally.times.length, 'cause')} found`,
    isOver ? 'over' : silentMs < SILENT_MS ? 'searching' : `silent for ${duration(silentMs * 1e6)}`,
  ]
  return parts.join(' · ')
}
