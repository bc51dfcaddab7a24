import assert from 'node:assert'
import events, { EventEmitter } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import path from 'node:path'
import querystring from 'node:querystring'
import stream from 'node:stream'
import stringDecoder from 'node:string_decoder'
import url from 'node:url'
import util from 'node:util'
import { type Noted, noteMembers, putBack, replacedIn } from '../world/members.ts'
import { simulatedDate } from './clock.ts'

type Holder = object

const NAMED: readonly string[] = [
  ...['Object', 'Function', 'Array', 'String', 'Number', 'Boolean', 'Symbol', 'BigInt', 'Date', 'RegExp', 'Promise'],
  ...['Map', 'Set', 'WeakMap', 'WeakSet', 'Error', 'TypeError', 'RangeError', 'ArrayBuffer', 'Uint8Array', 'DataView'],
  ...['URL', 'URLSearchParams', 'Headers', 'Request', 'Response', 'AbortController', 'AbortSignal', 'EventTarget'],
  ...['TextEncoder', 'TextDecoder', 'Buffer'],
]

type Named = readonly [name: string, holder: Holder]

/** The modules of Node that programs get unchanged. */
const MODULES = { assert, events, path, querystring, stream, string_decoder: stringDecoder, url, util }

function classesOf(name: string, module: object): readonly Named[] {
  return Object.entries(module).flatMap(([member, value]): readonly Named[] => {
    if (typeof value !== 'function' || !/^[A-Z]/.test(member)) return []
    const prototype: unknown = value.prototype
    const called = `${name}.${member}`
    const own: Named = [called, value]
    return typeof prototype === 'object' && prototype !== null ? [own, [`${called}.prototype`, prototype]] : [own]
  })
}

const once = (named: readonly Named[]): readonly Named[] =>
  [...new Map(named.toReversed().map(([name, holder]) => [holder, [name, holder] as const])).values()].reverse()

const shared: readonly Named[] = once([
  ['globalThis', globalThis],
  ...['Math', 'JSON', 'Reflect', 'Atomics', 'Intl'].map((name) => [name, Reflect.get(globalThis, name)] as const),
  ...NAMED.flatMap((name) => {
    const made = name === 'Date' ? simulatedDate : (Reflect.get(globalThis, name) as { readonly prototype: Holder })
    return [[name, made] as const, [`${name}.prototype`, made.prototype] as const]
  }),
  ['EventEmitter', EventEmitter],
  ['EventEmitter.prototype', EventEmitter.prototype],
  ...Object.entries(MODULES).flatMap(([name, module]) => [[name, module] as const, ...classesOf(name, module)]),
  ...classesOf('http', http),
  ...classesOf('net', net),
])

export interface Intrinsics {
  /**
   * Returns the name of the first function that was replaced, such as `Array.prototype.at`, or of the first object that
   * was made non-extensible, as by `Object.freeze`; undefined if there is neither.
   */
  replaced(): string | undefined
  /**
   * Restores the shared objects. Returns the name of the first replaced member (see {@link replaced}), or of the first
   * change that cannot be undone.
   */
  restore(): string | undefined
}

export const noteShared = (): readonly Noted[] => shared.map(([name, holder]) => noteMembers(name, holder))

/** Records the members of shared objects. Must be called once the simulator's replacements are installed. */
export function noteIntrinsics(): Intrinsics {
  const { defaultMaxListeners } = EventEmitter
  const waterMarks = [false, true].map((objects) => stream.getDefaultHighWaterMark(objects))
  const noted = noteShared()

  function restore(): string | undefined {
    const { replaced, stays } = putBack(noted)
    EventEmitter.defaultMaxListeners = defaultMaxListeners
    stream.setDefaultHighWaterMark(false, waterMarks[0] ?? 0)
    stream.setDefaultHighWaterMark(true, waterMarks[1] ?? 0)
    return stays ?? replaced
  }

  return { replaced: () => replacedIn(noted), restore }
}
