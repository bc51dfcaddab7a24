/** Operations on etcd, over its JSON gateway: `"client": {"kind": "etcd", "keys": "chaos-{run}-{key}"}`. */
export interface EtcdDeclaration {
  readonly kind: 'etcd'
  /** As for HTTP. */
  readonly keys?: string | undefined
  /** `serializable`: reads are answered from the data of whichever member is asked, which may be behind. */
  readonly reads?: EtcdReads | undefined
}

export type EtcdReads = 'linearizable' | 'serializable'

export const etcdReads: readonly EtcdReads[] = ['linearizable', 'serializable']
