import { canonical, isObject, isTooDeep, type Json } from '@chaosproxy/history'
import { withoutLineEnd } from '../places/body.ts'
import type { Conditions } from '../table/route-table.ts'
import type { Scene } from './scene.ts'
import { compileValue, type Side } from './value-source.ts'

export function compileConditions(conditions: Conditions | undefined, side: Side): (scene: Scene) => boolean {
  const tests = Object.entries(conditions ?? {}).map(([source, wanted]) => {
    const read = compileValue(source, side)
    const there = presenceOf(wanted)
    if (there !== undefined) return (scene: Scene) => (read(scene) !== undefined) === there
    const expected = canonical(source === 'body' ? withoutLineEnd(wanted as Json) : (wanted as Json))
    return (scene: Scene) => {
      const value = read(scene)
      return value !== undefined && !isTooDeep(value) && canonical(value) === expected
    }
  })
  return (scene) => tests.every((test) => test(scene))
}

/** Returns whether the condition demands that a value is there. Undefined if the condition demands more than this. */
function presenceOf(wanted: Conditions[string]): boolean | undefined {
  if (!isObject(wanted)) return undefined
  const { there, ...others } = wanted
  return typeof there === 'boolean' && Object.keys(others).length === 0 ? there : undefined
}
