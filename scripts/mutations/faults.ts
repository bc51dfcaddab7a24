import { inFileOf, type Mutation } from './mutation.ts'

/** Deliberate mistakes in what faults say of themselves, in which candidates they hit, and in their schedules. */
export const faultMutations: readonly Mutation[] = [
  ...inFileOf(
    'faults',
    'kinds/bodies.ts',
    ['parse-http-fault'],
    [
      {
        name: 'faults-trickle-reply-acts-before-the-reply',
        before: 'actsOnReplies: true,',
        occurrence: 1,
        after: 'actsOnReplies: false,',
        breaks: 'trickle-reply cannot select responses by their status',
      },
    ],
  ),
  ...inFileOf(
    'faults',
    'kinds/nodes.ts',
    ['parse-fault', 'node-faults'],
    [
      {
        name: 'faults-flip-bit-takes-any-pattern',
        before: 'if (matching === undefined) return',
        after: 'if (matching !== undefined) return',
        breaks: 'a pattern of flip-bit that is no regular expression is refused only in the middle of a run',
      },
      {
        name: 'faults-flipped-bits-void-nothing',
        before: 'voidsPromises: true,',
        after: 'voidsPromises: false,',
        breaks: 'a node whose files were damaged is held to what it promised before',
      },
    ],
  ),
  ...inFileOf(
    'faults',
    'families/node.ts',
    ['node-faults'],
    [
      {
        name: 'faults-engine-injects-what-it-cannot',
        before: 'engineKinds.some((definition) => definition.kind === kind)',
        after: 'engineKinds.some((definition) => definition.kind !== kind)',
        breaks: 'every fault of nodes is taken for one that a container engine injects',
      },
    ],
  ),
  ...inFileOf(
    'faults',
    'definition/trigger.ts',
    ['trigger', 'parse-http-fault'],
    [
      {
        name: 'faults-first-is-one-short',
        before: 'if (first !== undefined && number > first) return false',
        after: 'if (first !== undefined && number >= first) return false',
        breaks: 'a fault of the first three candidates hits two',
      },
      {
        name: 'faults-refusal-names-another-member',
        before: "const name = nth === undefined ? 'every' : 'nth'",
        after: "const name = nth !== undefined ? 'every' : 'nth'",
        breaks: 'the refusal of conditions that nothing meets names a member that was not given',
      },
    ],
  ),
  ...inFileOf(
    'faults',
    'schedule/outage.ts',
    ['outage'],
    [
      {
        name: 'faults-minority-counts-as-one-node',
        before: "return { named: [], unnamed: selector === 'minority' ? minoritySize(nodes.length) : 1 }",
        after: "return { named: [], unnamed: selector !== 'minority' ? minoritySize(nodes.length) : 1 }",
        breaks: 'schedules leave systems without a majority for longer than they say',
      },
    ],
  ),
  ...inFileOf(
    'faults',
    'definition/link.ts',
    ['nemesis'],
    [
      {
        name: 'faults-partition-inside-groups',
        before: 'if (i !== j) for (const from of group) for (const to of other) links.push({ from, to })',
        after: 'if (i === j) for (const from of group) for (const to of other) links.push({ from, to })',
        breaks: 'a partition cuts the links within its groups and leaves those between them',
      },
    ],
  ),
  ...inFileOf(
    'faults',
    'forgery.ts',
    ['forgery'],
    [
      {
        name: 'faults-forged-truth-stays',
        before: "if (typeof value === 'boolean') return !value",
        after: "if (typeof value === 'boolean') return value",
        breaks: 'a forged message says what it said',
      },
    ],
  ),
]
