import { plural } from '@chaosproxy/history'
import type { FindLoss } from './loss.ts'

/** `3 acknowledged messages were lost`, or what else a partition did to its producers and consumers. */
export const streamLoss: FindLoss = ({ report, counterexample: { level } }) => {
  const { lost } = report
  if (lost.length > 0)
    return {
      title: `${plural(lost.length, 'acknowledged message')} ${lost.length === 1 ? 'was' : 'were'} lost`,
      level: 'no-lost-writes',
    }
  return Object.hasOwn(titles, level) ? { title: titles[level] ?? '' } : undefined
}

const titles: { readonly [guarantee: string]: string } = {
  'consistent-offsets': 'One offset was given to two messages',
  'no-duplicates': 'A message was stored twice',
  'no-aborted-reads': 'A consumer got a message that was not sent',
  'monotonic-sends': "A producer's messages changed places",
  'monotonic-polls': 'A consumer went back',
  'no-skips': 'A consumer skipped a message',
  'committed-starts': 'A consumer went on beyond what was committed',
  'no-unseen': 'An acknowledged message never reached a consumer',
}
