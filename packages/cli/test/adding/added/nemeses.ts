import { defineNemesis, type Extension } from 'chaosproxy'

/** A nemesis for a kind of fault that chaos already has. */
const secondReplies = defineNemesis({
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
})

/** A nemesis for the kind of fault `hiccup`. The configuration adds this kind before the nemesis. */
const hiccups = defineNemesis({
  name: 'hiccups',
  summary: 'let every link stand still for a moment',
  kind: 'hiccup',
  among: 'clients',
  plan: () => ({
    parts: [{ from: 0, to: 1, plan: { kind: 'hiccup', links: 'from-clients', pauseMs: 5 } }],
    lengths: 1,
  }),
})

const freezes = defineNemesis({
  name: 'freezes',
  summary: 'freeze one node after the other',
  kind: 'freeze',
  among: 'nodes',
  plan: (random, all) => ({
    parts: [{ from: 0, to: 1, plan: { kind: 'freeze', nodes: [random.pick(all)] } }],
    lengths: 1,
  }),
})

export const nemeses: readonly Extension[] = [secondReplies, hiccups, freezes]
