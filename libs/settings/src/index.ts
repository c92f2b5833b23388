/** Pure: ConfigMap and Secret data to frozen typed settings. */
export {};
