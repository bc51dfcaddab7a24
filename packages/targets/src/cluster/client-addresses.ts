import type { NodeAddress } from '../clients/planned-clients.ts'
import type { ClusterNetwork } from '../network/cluster-network.ts'
import type { ClusterNode } from './open-cluster.ts'

/** Where clients reach every node, through the proxy; nobody while there is none. */
export const clientAddresses = (
  nodes: readonly Pick<ClusterNode, 'id' | 'life'>[],
  network: ClusterNetwork | undefined,
): readonly NodeAddress[] =>
  network === undefined ? [] : nodes.map(({ id, life }) => ({ node: id, ...network.clientAddress(id), life }))
