declare const transaction: unique symbol;

/** An open transaction of the store's database. Opaque to core, which only passes it on. */
export interface Transaction {
  readonly [transaction]: true;
}
