import type { NodeId } from '@chaosproxy/faults'
import { UserError } from '@chaosproxy/history'
import type { Client, Elsewhere } from '@chaosproxy/runner'
import * as v from 'valibot'
import { createHttpClient } from '../embedded/http-client.ts'

/** Clients that can be made in another process, on another machine: plain data. */
export type ClientsElsewhere = {
  /** Of a protocol's nodes. */
  readonly kind: 'embedded'
  readonly registers: boolean
}

const schema: v.GenericSchema<unknown, ClientsElsewhere> = v.strictObject({
  kind: v.literal('embedded'),
  registers: v.boolean(),
})

/** Clients in a process that is not the run's. */
export interface OpenedElsewhere {
  connect(node: NodeId): Client
  close(): Promise<void>
}

/** @throws UserError (input) for clients that are not of this version. */
export async function openElsewhere({ clients, addresses }: Elsewhere): Promise<OpenedElsewhere> {
  const found = v.safeParse(schema, clients)
  if (!found.success) throw new UserError('input', 'the run has clients that this chaos does not know')
  const { registers } = found.output
  return {
    connect(node) {
      const address = addresses.find((each) => each.node === node)
      if (address === undefined) throw new Error(`${node} has no address`)
      return createHttpClient({ ...address, registers })
    },
    close: async () => {},
  }
}
