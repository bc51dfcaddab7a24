import type { FormSpec, ValueSpec } from '../table/route-table.ts'
import type { AnyForm } from './form.ts'
import { valueForms } from './registry.ts'

/** Returns the form that has exactly the members of this value. */
export function findForm(spec: FormSpec): AnyForm | undefined {
  const names = Object.keys(spec)
  return valueForms.find(
    ({ members }) => members.length === names.length && members.every((name) => names.includes(name)),
  )
}

/** Returns the form of a value that was already validated. */
export function formOf(spec: FormSpec): AnyForm {
  const form = findForm(spec)
  if (form === undefined) throw new Error(`no form of values has exactly the members ${Object.keys(spec).join(', ')}`)
  return form
}

export const isList = (spec: ValueSpec): spec is readonly ValueSpec[] => Array.isArray(spec)
