import { inFileOf, type Mutation } from './mutation.ts'

/**
 * Deliberate mistakes in the declared properties of faults, in the candidates that they hit, and in their schedules.
 */
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
        before: 'export const isEngineKind = isKindOf(engineKinds)',
        after: 'export const isEngineKind = isKindOf(kinds)',
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
  ...inFileOf(
    'faults',
    'schedule/random.ts',
    ['goldens'],
    [
      {
        name: 'faults-seed-draws-otherwise',
        before: 'state[0] = b ^ (b >>> 9)',
        after: 'state[0] = b ^ (b >>> 8)',
        breaks: 'a kept seed runs other faults in the next version',
      },
    ],
  ),
  ...inFileOf(
    'faults',
    'nemeses/requests.ts',
    ['goldens'],
    [
      {
        name: 'faults-nemesis-never-hits-the-first',
        before: 'when: { nth: 1 + random.integer(20) },',
        after: 'when: { nth: 2 + random.integer(20) },',
        breaks: 'the first request is never followed by a crash, and kept seeds run other faults',
      },
    ],
  ),
  ...inFileOf(
    'faults',
    'nemeses/links.ts',
    ['goldens'],
    [
      {
        name: 'faults-nemesis-delays-longer',
        before: 'const latencyMs = 20 + random.integer(181)',
        after: 'const latencyMs = 21 + random.integer(181)',
        breaks: 'kept seeds run other delays',
      },
    ],
  ),
  ...inFileOf(
    'faults',
    'kinds/nodes.ts',
    ['goldens'],
    [
      {
        name: 'faults-limit-below-the-least',
        before: 'const LEAST_MEMORY_BYTES = 6 * 1024 * 1024',
        after: 'const LEAST_MEMORY_BYTES = 5 * 1024 * 1024',
        breaks: 'a limit of memory is accepted that container engines refuse in the middle of a run',
      },
    ],
  ),
  ...inFileOf(
    'faults',
    'kinds/latency.ts',
    ['parse-tcp-fault'],
    [
      {
        name: 'faults-any-geography-is-accepted',
        before: 'if (place === undefined)',
        after: 'if (place !== undefined)',
        breaks: 'every pair of places is refused',
      },
    ],
  ),
  ...inFileOf(
    'faults',
    'kinds/streams.ts',
    ['registry', 'goldens'],
    [
      {
        name: 'faults-grpc-status-1-is-refused',
        before: "wholeNumber('the gRPC status code (14: UNAVAILABLE, 8: RESOURCE_EXHAUSTED)', { least: 1, most: 16 }),",
        after: "wholeNumber('the gRPC status code (14: UNAVAILABLE, 8: RESOURCE_EXHAUSTED)', { least: 2, most: 16 }),",
        breaks: 'calls cannot be ended as CANCELLED',
      },
    ],
  ),
  ...inFileOf(
    'faults',
    'schedule/resolve.ts',
    ['goldens', 'nemesis'],
    [
      {
        name: 'faults-single-node-has-no-follower',
        before: 'return [random.pick(followers.length === 0 ? nodes : followers)]',
        after: 'return [random.pick(followers)]',
        breaks: 'a fault of a follower of a single node hits no node, and fails',
      },
      {
        name: 'faults-ring-of-four-nodes',
        before: 'if (ring.length < 5) return cutInHalves(ring)',
        after: 'if (ring.length < 4) return cutInHalves(ring)',
        breaks: 'a majority ring of four nodes leaves a node without a majority',
      },
    ],
  ),
  ...inFileOf(
    'faults',
    'definition/link.ts',
    ['parse-fault', 'registry'],
    [
      {
        name: 'faults-link-without-an-end',
        before:
          "if (ends.length !== 2 || typeof from !== 'string' || typeof to !== 'string' || from === '' || to === '')",
        after: "if (ends.length !== 2 || typeof from !== 'string' || typeof to !== 'string')",
        breaks: 'a link to nowhere is accepted, and its fault never hits',
      },
    ],
  ),
  ...inFileOf(
    'faults',
    'definition/trigger.ts',
    ['trigger'],
    [
      {
        name: 'faults-times-are-ignored',
        before: 'if (ageMs < (when.fromMs ?? 0) || ageMs >= (when.untilMs ?? Number.POSITIVE_INFINITY)) return false',
        after: 'if (ageMs < (when.fromMs ?? 0)) return false',
        breaks: 'a fault goes on after its time',
      },
    ],
  ),
  ...inFileOf(
    'faults',
    'families/http.ts',
    ['parse-http-fault'],
    [
      {
        name: 'faults-any-status-matches',
        before: 'if (!/^[1-5](\\d\\d|xx)$/.test(status))',
        after: 'if (/^[1-5](\\d\\d|xx)$/.test(status))',
        breaks: 'a match of a status is refused, and a misspelt one never hits',
      },
    ],
  ),
  ...inFileOf(
    'faults',
    'schedule/outage.ts',
    ['outage'],
    [
      {
        name: 'faults-isolated-leader-counts-for-nothing',
        before: 'return { named: [], unnamed: 1 }',
        after: 'return { named: [], unnamed: 0 }',
        breaks: 'schedules leave systems without a majority for longer than they say',
      },
    ],
  ),
]
