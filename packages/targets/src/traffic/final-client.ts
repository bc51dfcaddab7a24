import { compileRequestMaker, type RouteTable } from '@chaosproxy/proxy'
import type { Carriage } from '@chaosproxy/proxy/control'
import type { Client } from '@chaosproxy/runner'
import { httpClient } from '../clients/http.ts'
import type { NodeAddress } from '../clients/planned-clients.ts'
import { createProbation } from '../clients/probation.ts'

/** Reads keys once the clients are gone, so that it is known whether the servers agree. */
export interface ReadFinally {
  connect(address: NodeAddress): Client
}

/** The field that marks such reads where a table names none. */
const FINAL = 'Chaos-Final'

/** The same, with a field that marks the last reads. */
export const withFinal = (carries: Carriage): Carriage =>
  carries.kind === 'http' && carries.table !== undefined && carries.table.final === undefined
    ? { ...carries, table: { ...carries.table, final: FINAL } }
    : carries

/** Undefined where no request can be made that reads a key. */
export function readFinallyBy(carries: Carriage, where: string): ReadFinally | undefined {
  if (carries.kind !== 'http' || carries.table === undefined) return undefined
  return byTable(carries.table, where)
}

function byTable(table: RouteTable, where: string): ReadFinally | undefined {
  const maker = compileRequestMaker(table, where)
  if (!maker.functions.includes('read')) return undefined
  // What is asked for is what the record names: a key of several parts would become another.
  const exact: typeof maker = {
    ...maker,
    make(input, asker) {
      const made = maker.make(input, asker)
      return made.type === 'impossible' || made.key === input.key
        ? made
        : { type: 'impossible', why: `${input.key} is a key of several parts` }
    },
  }
  const nobody = createProbation(() => {})
  return {
    connect: (address) => httpClient(address, { maker: exact, nameKey: (key) => key, probation: nobody }),
  }
}
