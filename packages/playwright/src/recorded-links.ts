import { linkName, type TrafficFault } from '@chaosproxy/faults'
import { type RecordDraft, type Recording, type Run, record, UserError } from 'chaosproxy'
import type { Links } from './links.ts'
import { addressOf, type Server } from './servers.ts'

/** What to record, and how to read it. */
export interface RecordedDraft extends Pick<RecordDraft, 'model' | 'initial' | 'timeoutMs' | 'out'> {
  /** A route table, or its path, as for `record` of chaosproxy. */
  readonly as: string | object
}

/** Links whose requests are recorded: one for each server, shared by all pages as `clients`. */
export interface RecordedLinks extends Links {
  /** Ends the recording on the first call, and judges it. */
  stop(): Promise<Run>
}

/** @throws UserError (usage, input) for traffic that cannot be recorded. */
export async function openRecordedLinks(
  servers: readonly Server[],
  { as, ...draft }: RecordedDraft & { readonly seed: number },
): Promise<RecordedLinks> {
  const secure = servers.find(({ isSecure }) => isSecure)
  if (secure !== undefined)
    throw new UserError(
      'usage',
      `servers: ${secure.name} speaks HTTPS, and pages are recorded over HTTP only. Leave "as" out, or let it speak HTTP in this test.`,
    )
  const recording = await record({
    ...draft,
    upstream: Object.fromEntries(servers.map((server) => [server.name, addressOf(server)])),
    as: typeof as === 'string' ? as : JSON.stringify({ websocket: true, ...as }),
  })
  return {
    pages: ['clients'],
    portOf: (_, server) => Number(recording.address(server).split(':').at(-1)),
    join: async () => {},
    inject: (fault) => recording.hurt(withLinkNames(fault)),
    stop: () => recording.stop(),
    async close() {
      await closed(recording)
    },
  }
}

const withLinkNames = ({ links, ...fault }: TrafficFault) => ({ ...fault, links: links.map(linkName) })

/** The test judges the record; an unjudgeable recording is ended without an error. */
async function closed(recording: Recording): Promise<void> {
  await Promise.allSettled([recording.stop()])
}
