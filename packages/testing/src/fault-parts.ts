/** A fault without `links`, `match` and `when`: its kind and its parameters. */
export type Harm<Fault> = Fault extends unknown ? Omit<Fault, 'links' | 'match' | 'when'> : never

export type Trigger<Fault extends { readonly when?: unknown }> = NonNullable<Fault['when']>
