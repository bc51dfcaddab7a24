import type { Table } from '../catalogue/table.ts'
import { NotSupported } from '../sql/error.ts'
import { SYSTEM_COLUMNS, type SystemName } from '../sql/system-columns.ts'
import type { Tuple } from '../storage/model.ts'
import { placeOf } from '../storage/places.ts'
import { rawXmax } from '../storage/rows.ts'
import type { Types } from '../types/registry.ts'
import type { SqlValue } from '../types/value.ts'
import type { NamedColumn, SystemColumns } from './model.ts'

type Read = (tuple: Tuple, table: Table) => SqlValue

/**
 * Functions that read system columns. Command ids are undefined, because PostgreSQL's differ from the simulated ones.
 */
const READ: Readonly<Record<SystemName, Read | undefined>> = {
  ctid: placeOf,
  xmin: ({ xmin }) => xmin.xid,
  cmin: undefined,
  xmax: rawXmax,
  cmax: undefined,
  tableoid: (_, { oid }) => oid,
}

export function systemColumnsOf(table: Table, types: Types, takeSlot: () => number): SystemColumns {
  const columns: NamedColumn[] = []
  const reads: { readonly slot: number; readonly read: Read }[] = []
  return {
    columns,
    column(name) {
      const known = columns.find((column) => column.name === name)
      if (known !== undefined) return known
      const at = SYSTEM_COLUMNS.findIndex((each) => each.name === name)
      const found = SYSTEM_COLUMNS[at]
      if (found === undefined) return undefined
      const read = READ[found.name]
      if (read === undefined) throw new NotSupported(`the system column ${name}`)
      // `ctid` and `tableoid` depend on the partition that contains the row.
      if (table.partitioned !== undefined && (name === 'ctid' || name === 'tableoid'))
        throw new NotSupported(`the system column ${name} of a partitioned table`)
      const type = { oid: types.named(found.type)?.oid ?? 0, name: found.type, typmod: -1 }
      const column = { name, type, slot: takeSlot(), tableOid: table.oid, attribute: -1 - at }
      columns.push(column)
      reads.push({ slot: column.slot, read })
      return column
    },
    place(values, tuple) {
      for (const { slot, read } of reads) values[slot] = read(tuple, table)
    },
  }
}
