import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads'
import { createRandom, faultKinds, nemeses } from '@chaosproxy/faults'
import { UserError } from '@chaosproxy/history'
import { usualServiceFaults } from '@chaosproxy/node-simulator'
import { findProtocol, mayStopUnder, notPromisedUnder } from '@chaosproxy/protocols'
import { type PromiseQuestion, promiseOf } from '@chaosproxy/runner'
import { unpromisedOf } from '@chaosproxy/simulator'
import { describe, expect, onTestFinished, test } from 'vitest'
import { stages } from '../../../../proxy/src/delivery/registry.ts'
import type { Stage } from '../../../../proxy/src/delivery/stage.ts'
import { messageHarms } from '../../../../proxy/src/messages/harms.ts'
import { nemesesOf } from '../../../../simulator/src/search/trial-choices.ts'
import { EXTENDED_BY } from '../../../src/built-file.ts'
import { extendByConfig } from '../../../src/config/load.ts'
import { parseConfig } from '../../../src/config/schema.ts'
import { withAttributedErrors } from '../../../src/extend/attributed-errors.ts'
import {
  defineFault,
  defineModel,
  defineNemesis,
  defineRecordedProtocol,
  defineReporter,
  defineStory,
  defineTarget,
  defineWorkload,
} from '../../../src/extend/define.ts'
import { extensionsIn } from '../../../src/extend/from-file.ts'
import { mergeExtensions } from '../../../src/extend/merge.ts'

const fault = { kind: 'hiccup', summary: 'a moment', parameters: {}, on: 'bytes', stage: () => ({}) }
const protocol = { name: 'tiny', port: 1, model: 'register', scanner() {}, asked() {}, answered() {} }
const nemesis = { name: 'hiccups', summary: 'moments', kind: 'latency', among: 'clients', plan() {} }
const climb = {
  name: 'climb',
  model: 'register',
  functions: ['read'],
  create: () => ({ client: () => ({ next: () => ({ f: 'read', value: null }) }) }),
} as const
const tale = { title: 'a tale', target: 'raft', workload: 'register', nodes: 2, cast: ['Ana'], ending: {} }
const asked = { type: 'asking', atMs: 5, who: 'Ana', node: 'n1' }
const storyOf = (...beats: readonly object[]) => ({
  ...{ name: 'short', summary: 'short', lesson: 'none', source: 'nobody' },
  ...{ told: [{ ...tale, beats }], fix: { ...tale, beats: [] } },
})
const reporter = { name: 'shout', summary: 'loud', report: () => '' }

/** Calls with invalid definitions. They ignore the types of the parameters, as calls from JavaScript can. */
const refusals: readonly (readonly [of: unknown, define: (given: never) => unknown, why: RegExp])[] = [
  [undefined, defineFault, /^defineFault: it is called without an object\. Give it \{ kind: a string, /],
  [{ ...fault, kind: 'a b' }, defineFault, /"a b" is not a valid name\. Begin with a letter/],
  [{ ...fault, on: 'byts' }, defineFault, /"on" is "byts"\. Give one of bytes, messages, requests, nodes\./],
  [
    { ...fault, stage: 1 },
    defineFault,
    /^defineFault: hiccup: "stage" is not a function\. Give it \{ stage: a function \}/,
  ],
  [{ ...fault, on: 'nodes', strike() {} }, defineFault, /"heal" is not a function/],
  [{ ...nemesis, among: 'all' }, defineNemesis, /"among" of hiccups is neither "nodes" nor "clients"/],
  [{ ...protocol, port: 0 }, defineRecordedProtocol, /"port" of tiny is not a port number\. Give 1 to 65535/],
  [{ ...protocol, asked: 'SET' }, defineRecordedProtocol, /"asked" is not a function/],
  [{ name: 'stack', apply() {}, key() {} }, defineModel, /stack has no "initial"\. Give the state at the start/],
  [{ ...reporter, report: '' }, defineReporter, /"report" is not a function/],
  [{ name: 'short', summary: 'no lesson' }, defineStory, /"told" is not a list/],
  [storyOf({ ...asked, who: 'Ben' }), defineStory, /^defineStory: short: "a tale", beat at 5 ms: "cast" has no Ben\./],
  [storyOf({ ...asked, node: 'n3' }), defineStory, /there is no node n3\. The nodes are n1 to n2\./],
  [
    storyOf({ type: 'mishap', atMs: 5, fault: { kind: 'partition', links: [{ from: 'clients', to: 'n9' }] } }),
    ...([defineStory, /there is no node n9/] as const),
  ],
  [storyOf(asked, { ...asked, atMs: 4 }), defineStory, /at 4 ms: the beat before is at 5 ms\. Sort the beats by time/],
  [{ ...storyOf(), fix: { ...tale, beats: '' } }, defineStory, /^defineStory: short: "beats" is not a list/],
  ['1st', (name: never) => defineTarget(name, './raft.ts'), /"1st" is not a valid name/],
]

describe('an extension definition', () => {
  test.each(refusals)('an invalid extension definition is refused with advice: %j', (given, define, why) => {
    expect(() => define(given as never)).toThrow(why)
  })
})

describe('extensions', () => {
  test.each([
    [defineFault({ ...fault, kind: 'latency' } as never), 'there is a fault latency already'],
    [defineNemesis({ ...nemesis, name: 'none' } as never), 'there is a nemesis none already'],
    [defineNemesis({ ...nemesis, name: 'partition' } as never), 'there is a nemesis partition already'],
    [defineNemesis({ ...nemesis, kind: 'hicup' } as never), 'is hicup, but there is no such fault'],
    [defineRecordedProtocol({ ...protocol, name: 'resp' } as never), 'there is a recorded protocol resp already'],
    [defineModel({ name: 'register', initial: 0, apply: () => [0], key: String }), 'there is a model register already'],
    [defineReporter({ ...reporter, name: 'json' }), 'there is a reporter json already'],
  ])(
    'extensions are refused if their name is taken, or if they use a kind that does not exist (case %#)',
    async (extension, why) => {
      await expect(mergeExtensions([extension], 'chaos.config.ts: extend')).rejects.toThrow(
        new RegExp(`^chaos\\.config\\.ts: extend: .*${why}`),
      )
    },
  )

  test.each([
    [
      { targets: { mine: './raft.ts' }, extend: [defineTarget('mine', './paxos.ts')] },
      'targets and "extend" both declare mine',
    ],
    [
      { extend: [defineTarget('mine', './a.ts'), defineTarget('mine', './b.ts')] },
      'targets and "extend" both declare mine',
    ],
    [
      { workloads: { climb: './climb.ts' }, extend: [defineWorkload(climb)] },
      'workloads and "extend" both declare climb',
    ],
  ])('extensions are refused if a name is defined twice (case %#)', async (config, why) => {
    await expect(parseConfig(config, 'chaos.config.ts')).rejects.toThrow(`chaos.config.ts: ${why}. Give one`)
  })

  test('extensions are known to the threads of the process, but not to its child processes', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'chaos-extend-')), 'chaos.config.mjs')
    onTestFinished(() => rmSync(dirname(path), { recursive: true }))
    writeFileSync(path, 'export default { extend: [] }')
    const before = { ...process.env }
    await extendByConfig(path)
    expect(getEnvironmentData(EXTENDED_BY)).toBe(path)
    expect(process.env).toEqual(before)
    setEnvironmentData(EXTENDED_BY, undefined as never)
  })

  test('extensions are refused if they were not made by a define function', () => {
    expect(() => extensionsIn({ extend: [{ kind: 'stutter' }] }, 'chaos.config.ts')).toThrow(
      'chaos.config.ts: extend[0] was not made by a define… function. Write: extend: [defineFault({ … }), ',
    )
    expect(() => extensionsIn({ extend: {} }, 'chaos.config.ts')).toThrow('"extend" is not a list')
    expect(extensionsIn({}, 'chaos.config.ts')).toEqual([])
  })
})

describe('a user-defined fault', async () => {
  const doze = { ...fault, kind: 'doze', on: 'nodes', strike: () => true, heal() {} }
  const dozes = { ...nemesis, name: 'dozes', kind: 'doze', among: 'nodes' }
  await mergeExtensions([defineFault(doze as never), defineNemesis(dozes as never)], 'chaos.config.ts: extend')

  test('a user-defined fault is among the faults that a search uses by default', () => {
    expect(faultKinds).toContain('doze')
    expect(nemesesOf({}).map(({ name }) => name)).toContain('dozes')
    expect(usualServiceFaults()).toContain('dozes')
  })

  test('a protocol makes no promise under a user-defined fault if its promise excludes any kind of fault', () => {
    const [three, raft, viewstamped] = ['three-phase-commit', 'raft', 'viewstamped'].map((name) => findProtocol(name)!)
    expect(notPromisedUnder(three!, {})).toContain('doze')
    expect(unpromisedOf(three!, {}, { faults: ['dozes'] })).toEqual({
      what: 'three-phase-commit promises nothing under dozes',
      lacks: 'level',
    })
    expect(notPromisedUnder(raft!, {})).toEqual([])
    expect(mayStopUnder(viewstamped!, { recovery: 'nonce' })).toContain('doze')
  })
})

describe('a user-defined fault that changes bytes', () => {
  const stage = () => ({ countsArriving: 'nothing', transform: (bytes: Buffer) => bytes })
  const meet = () => ({ instead: [] })
  const made = { bytes: { ...fault, stage }, messages: { ...fault, on: 'messages', meet } }

  test('a user-defined fault that changes bytes is refused if it does not declare `alters: true`', async () => {
    const { bytes, messages } = made
    const faults = [
      { ...bytes, kind: 'secret-bytes' },
      { ...messages, kind: 'secret-message' },
    ]
    await mergeExtensions(
      faults.map((each) => defineFault(each as never)),
      'chaos.config.ts: extend',
    )
    const told = 'and no target keeps its promises if bytes change. Declare this in the fault: alters: true.'
    expect(() => stages['secret-bytes' as 'latency']({} as never)).toThrow(
      `the fault secret-bytes changes bytes with "transform", ${told}`,
    )
    const strike = { message: Buffer.from('x'), rule: { randomFor: () => undefined }, seat: 0 }
    expect(() => messageHarms['secret-message' as 'drop-message']({} as never, {} as never, strike as never)).toThrow(
      `the fault secret-message changes bytes with "instead", ${told}`,
    )
  })

  test('a target makes no promise under a user-defined fault that declares `alters: true`', async () => {
    const { bytes, messages } = made
    const open = [
      { ...bytes, kind: 'open-bytes', alters: true },
      { ...messages, kind: 'open-message', alters: true },
    ]
    await mergeExtensions(
      [...open, { ...fault, kind: 'gentle' }].map((each) => defineFault(each as never)),
      'chaos.config.ts: extend',
    )
    const promised = (kind: string) =>
      promiseOf({ promises: () => 'linearizable' }, { faults: [kind] } as unknown as PromiseQuestion)
    expect(['open-bytes', 'open-message', 'gentle'].map(promised)).toEqual(['nothing', 'nothing', 'linearizable'])
  })
})

describe('user-defined code', () => {
  test('withAttributedErrors names the fault and the function in an error, and leaves the getters of the fault intact', async () => {
    const failing = () => {
      throw new Error('no')
    }
    let lateMs = 1
    const stage = {
      delayMs: failing,
      strike: async () => failing(),
      get dialDelayMs() {
        return lateMs
      },
    }
    const own = withAttributedErrors(Object.freeze(stage), 'the fault doze')
    expect(() => own.delayMs()).toThrow(new UserError('input', 'the fault doze threw in delayMs: no'))
    await expect(own.strike()).rejects.toThrow('the fault doze threw in strike: no')
    lateMs = 2
    expect(own.dialDelayMs).toBe(2)
  })

  test('an error thrown in the `stage` of a user-defined fault names the fault and the function', async () => {
    const stage = () => ({
      countsArriving: 'nothing',
      delayMs() {
        throw new Error('no')
      },
    })
    await mergeExtensions([defineFault({ ...fault, kind: 'stumble', stage } as never)], 'chaos.config.ts: extend')
    const made = (stages as unknown as { readonly [kind: string]: () => Stage })['stumble']!()
    expect(() => made.delayMs!({} as never, 'bytes')).toThrow('the fault stumble threw in delayMs: no')
  })
})

describe('the plan of a user-defined nemesis', () => {
  const part = { from: 0, to: 1, plan: { kind: 'latency', links: ['n1>n2'], latencyMs: 5 } }
  let made = 0
  const planned = async (episode: () => unknown) => {
    const name = `late-${++made}`
    await mergeExtensions([defineNemesis({ ...nemesis, name, plan: episode } as never)], 'chaos.config.ts: extend')
    return nemeses.find((each) => each.name === name)!.plan(createRandom('a seed'), ['n1', 'n2'])
  }

  test('the plan of a user-defined nemesis is parsed like a schedule, and parameters such as `jitterMs` get defaults', async () => {
    const { parts, lengths } = await planned(() => ({ parts: [part], lengths: 2 }))
    expect({ lengths, links: parts.map(({ plan }) => plan) }).toMatchObject({
      lengths: 2,
      links: [{ kind: 'latency', links: [{ from: 'n1', to: 'n2' }], jitterMs: 0 }],
    })
  })

  test.each<[unknown, RegExp]>([
    [undefined, /"plan" returned no parts/],
    [{ parts: [part], lengths: Number.NaN }, /"lengths" is NaN\. Return a number above 0/],
    [{ parts: [{ ...part, to: 2 }], lengths: 1 }, /parts\[0\] is from 0 to 2\. Give shares/],
    [{ parts: [{ ...part, plan: { kind: 'latency', links: ['n1'] } }], lengths: 1 }, /parts\[0\]\.plan/],
    [
      { parts: [{ ...part, plan: { kind: 'kill', nodes: 'one' } }], lengths: 1 },
      /is a kill, and its "kind" is latency/,
    ],
  ])('an invalid plan is refused with the name of the nemesis and the mistake (case %#)', async (episode, why) => {
    const refused = expect(planned(() => episode)).rejects
    await refused.toThrow(why)
    await refused.toThrow(/^chaos\.config\.ts: extend: the nemesis late-\d+: /)
  })

  test('an error thrown in the plan of a user-defined nemesis names the nemesis', async () => {
    const thrown = planned(() => {
      throw new Error('no idea')
    })
    await expect(thrown).rejects.toThrow(/the nemesis late-\d+ threw in plan: no idea/)
  })
})
