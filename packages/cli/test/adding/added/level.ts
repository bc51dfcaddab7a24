import { defineLevel } from 'chaosproxy'

/** Judges by a function of the history, like a checker of Jepsen. */
export const oneWriter = defineLevel({
  name: 'one-writer',
  summary: 'all writes come from one client',
  judge(operations) {
    const writers = new Set(operations.filter(({ f }) => f === 'write').map(({ client }) => client))
    if (writers.size === 0) return { met: 'unknown', why: 'nobody wrote' }
    return { met: writers.size === 1, found: `writers: ${[...writers].join(', ')}` }
  },
})

export const hasty = defineLevel({
  name: 'hasty',
  summary: 'throws',
  judge() {
    throw new Error('too early to tell')
  },
})

export const silent = defineLevel({
  name: 'silent',
  summary: 'returns nothing',
  // The type forbids the result undefined, but a level written in JavaScript can return it.
  judge: (() => undefined) as never,
})
