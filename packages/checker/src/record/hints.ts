import { FAIL, type History, type Json, OK, type ValueId } from '@chaosproxy/history'

/** Operations looked at, at most. */
const MOST_LOOKED_AT = 200_000
const MOST_DEPTH = 4

/** Values by which programs write that there is nothing. */
const NOTHING: ReadonlySet<string> = new Set([':nil', 'nil', 'null', 'none', 'undefined', '<nil>', '(nil)', ''])

/**
 * What the author of a history may have recorded otherwise than it was: values that were returned, that nobody wrote, and
 * that are written like others. Each hint is a sentence with the cure.
 */
export function hintsFor(history: History): readonly string[] {
  const written = new Map<string, Json>()
  const returned = new Map<string, Json>()
  const { length, input, output, outcome } = history.operations
  const looked = Math.min(length, MOST_LOOKED_AT)
  for (let row = 0; row < looked; row++) {
    if (input[row] !== output[row] && outcome[row] === OK) addAtoms(history, output[row], returned)
    if (outcome[row] !== FAIL) addAtoms(history, input[row], written)
  }
  const byText = new Map([...written.values()].map((value) => [String(value), value]))
  const strange = [...returned].flatMap(([text, value]) => (written.has(text) ? [] : [value]))
  const other = strange.find((value) => byText.has(String(value)))
  const nothing = strange.find((value) => typeof value === 'string' && NOTHING.has(value.toLowerCase()))
  return [
    ...(other === undefined ? [] : [ofOtherType(byText.get(String(other)) ?? null, other)]),
    ...(nothing === undefined ? [] : [startsAs(nothing)]),
  ]
}

function addAtoms({ values }: History, id: number, atoms: Map<string, Json>): void {
  const add = (value: Json, depth: number): void => {
    if (value === null || depth > MOST_DEPTH) return
    if (typeof value === 'object') for (const each of Object.values(value)) add(each as Json, depth + 1)
    else atoms.set(JSON.stringify(value), value)
  }
  add(values.json(id as ValueId), 0)
}

function ofOtherType(written: Json, read: Json): string {
  const [a, b] = [JSON.stringify(written), JSON.stringify(read)]
  const cure =
    typeof written === 'number'
      ? `jq -c '.value |= walk(if type == "string" then tonumber? // . else . end)' FILE`
      : `jq -c '.value |= walk(if type == "number" then tostring else . end)' FILE`
  return `${a} was written and ${b} was read: the ${typeof written} ${a} and the ${typeof read} ${b} are different values. If they are meant to be the same, record both alike: ${cure}`
}

const startsAs = (value: Json): string =>
  `${JSON.stringify(value)} was read and nobody wrote it. If it is how nothing is written there, say that objects begin so: --initial '${JSON.stringify(value)}'`
