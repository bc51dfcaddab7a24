import { canonical, type Json } from '@chaosproxy/history'
import { type AnyForm, defineForm } from './form.ts'

type Constant = { readonly const: Json }

export const constant: AnyForm = defineForm<Constant>({
  members: ['const'],
  example: '{"const": …}',
  schema: () => ({ const: true }),
  parse: (members) => ({ const: members['const'] as Json }),
  parts: () => [],
  join: (spec) => () => spec.const,
  split: (spec, value) =>
    canonical(spec.const) === canonical(value)
      ? []
      : { why: `it is for ${JSON.stringify(spec.const)}, not for ${JSON.stringify(value)}` },
})
