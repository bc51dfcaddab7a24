import type { Json } from '@chaosproxy/history'
import { defineForm } from '../../../../recorder/src/routes/forms/form.ts'
import type { ValueSpec } from '../../../../recorder/src/routes/table/route-table.ts'

/**
 * A form of values in route tables: a text after a fixed prefix. It is defined in the same way as the forms in
 * `forms/`.
 */
export const behind = defineForm<{ readonly of: ValueSpec; readonly behind: string }>({
  members: ['of', 'behind'],
  example: '{"of": "json.value", "behind": "v-"}',
  schema: ({ value }) => ({ of: value, behind: { type: 'string' } }),
  parse: ({ of, behind }, { where, value }) => ({ of: value(of, `${where}: "of"`), behind: String(behind) }),
  parts: ({ of }) => [of],
  join:
    ({ behind }) =>
    ([text]) =>
      typeof text === 'string' && text.startsWith(behind) ? text.slice(behind.length) : undefined,
  split: ({ behind }, value: Json) =>
    typeof value === 'string'
      ? [`${behind}${value}`]
      : { why: `it takes a text, and ${JSON.stringify(value)} is none` },
})
