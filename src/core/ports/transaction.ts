declare const transaction: unique symbol;

/** An open transaction of the store's database. Core hands it on and never looks inside. */
export interface Transaction {
  readonly [transaction]: true;
}
