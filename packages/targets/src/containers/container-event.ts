export interface ContainerEvent {
  readonly id: string
  readonly what: 'start' | 'die'
}
