import type { NodeAddress } from '../clients/planned-clients.ts'
import type { ClusterNetwork } from '../network/cluster-network.ts'
import type { ClusterNode } from './open-cluster.ts'

/** The proxied client addresses of every node; none if there is no proxy. */
export const clientAddresses = (
  nodes: readonly Pick<ClusterNode, 'id' | 'life'>[],
  network: ClusterNetwork | undefined,
): readonly NodeAddress[] =>
  network === undefined ? [] : nodes.map(({ id, life }) => ({ node: id, ...network.clientAddress(id), life }))
