import type * as ast from 'luaparse'
import { type Compiling, compileMany, compileValue, hasMany } from './expressions.ts'

/** A table with the room that Lua reserves for what its constructor lists, as `#` and `pairs` depend on that. */
export function compileTable({ fields }: ast.TableConstructorExpression, to: Compiling): string {
  const last = fields.at(-1)
  const rest = last?.type === 'TableValue' && hasMany(last.value, to) ? compileMany(last.value, to) : undefined
  const listed = rest === undefined ? fields : fields.slice(0, -1)
  const items = listed.filter(({ type }) => type === 'TableValue').length
  const room = [reserved(items), reserved(listed.length - items)]
  const parts = listed.map((field) => {
    if (field.type === 'TableValue') return `$.ITEM, ${compileValue(field.value, to)}`
    const key = field.type === 'TableKeyString' ? JSON.stringify(field.key.name) : compileValue(field.key, to)
    const value = compileValue(field.value, to)
    const isCertain = field.type === 'TableKeyString' || /^(String|Numeric|Boolean)Literal$/.test(field.key.type)
    return isCertain ? `${key}, ${value}` : `...$.entry(${key}, ${value})`
  })
  if (fields.length === 0) return '$.emptyTable()'
  return `$.table(${room.join(', ')}, [${parts.join(', ')}]${rest === undefined ? '' : `, ${rest}`})`
}

/** Sizes are kept in one byte: of those from 16 only the first bits. */
function reserved(count: number): number {
  let [size, power] = [count, 1]
  while (size >= 16) {
    size = (size + 1) >> 1
    power *= 2
  }
  return size * power
}
