import type { Nemesis } from '@chaosproxy/faults'

/** Of a kind of fault that there is. */
export const secondReplies: Nemesis = {
  name: 'second-replies',
  summary: 'lose the second reply',
  kind: 'lose-reply',
  among: 'clients',
  plan: () => ({
    parts: [
      { from: 0, to: 1, plan: { kind: 'lose-reply', links: 'from-clients', silence: 'reset', when: { nth: 2 } } },
    ],
    lengths: 1,
  }),
}

/** Of a kind that is added with it. */
export const hiccups = {
  name: 'hiccups',
  summary: 'let every link stand still for a moment',
  kind: 'hiccup',
  among: 'clients',
  plan: () => ({
    parts: [{ from: 0, to: 1, plan: { kind: 'hiccup', links: 'from-clients', pauseMs: 5 } }],
    lengths: 1,
  }),
}
