import { momentInMillis, type Nanos } from '@chaosproxy/history'
import type { WitnessedCommit } from '@chaosproxy/simulated-postgresql'
import { brokenApart, type Judging } from './judged.ts'

export interface DatabaseStory {
  readonly cause: string
  readonly remedy: string
  readonly requests: readonly string[]
}

/** A connection that ended instead of answering a COMMIT. */
export interface LostReply {
  readonly pid: number
  readonly at: Nanos
}

/**
 * Returns stories of how clients' requests affected each other in the database. The most significant story comes first.
 * Empty if the requests could have run one after the other, in the order of their commits.
 */
export const storiesOf = (judging: Judging, lost: readonly LostReply[]): readonly DatabaseStory[] => [
  ...doubledIn(judging, lost),
  ...brokenApart({ expect: 'serializable', unit: 'request' }, judging).map(({ what, cure, requests }) => ({
    cause: `In the database ${judging.id}: ${what}`,
    remedy: cure ?? '',
    requests,
  })),
]

function doubledIn({ engine, requestOf, startedAt }: Judging, lost: readonly LostReply[]): readonly DatabaseStory[] {
  if (lost.length === 0) return []
  const commits = engine.witnessed({ groupOf: requestOf, areOne: false, phantoms: false })?.commits ?? []
  const timeOf = (at: number): string => momentInMillis(at - startedAt)
  return lost.flatMap(({ pid, at }) => {
    const request = requestOf(pid, at)
    const first = commits.findLast(({ group, ended }) => group === request && ended <= at)
    if (request === undefined || first === undefined) return []
    const again = commits.find((each) => each.group === request && each.ended > at && isSame(each, first))
    if (again === undefined) return []
    return {
      cause: `${request} was done twice: the answer to its COMMIT at ${timeOf(at)} was lost, and ${first.sql.join('; ')} was committed again at ${timeOf(again.ended)}.`,
      remedy:
        'A client that gets no answer to a COMMIT cannot know whether it took effect: store an idempotency key of the request in the same transaction, and look for the key before you repeat the request.',
      requests: [request],
    }
  })
}

const isSame = (one: WitnessedCommit, other: WitnessedCommit): boolean =>
  one.sql.join() === other.sql.join() && one.parameters === other.parameters
