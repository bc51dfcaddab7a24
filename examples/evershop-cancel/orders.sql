INSERT INTO product (sku, price, weight) VALUES ('mug', 8, 1);
INSERT INTO product_inventory (product_inventory_product_id, qty, manage_stock, stock_availability)
  VALUES (1, 100, true, true);
INSERT INTO "order" (
  order_number, status, cart_id, currency, sub_total, sub_total_incl_tax, sub_total_with_discount,
  sub_total_with_discount_incl_tax, total_qty, tax_amount, tax_amount_before_discount, shipping_tax_amount,
  grand_total, payment_status, shipment_status
) SELECT 'number ' || n, 'new', n, 'EUR', 8, 8, 8, 8, 1, 0, 0, 0, 8, 'pending', 'pending' FROM generate_series(1, 10) n;
-- A trigger takes each of them from the stock.
INSERT INTO order_item (
  order_item_order_id, product_id, product_sku, product_name, product_price, product_price_incl_tax, qty, final_price,
  final_price_incl_tax, tax_percent, tax_amount, tax_amount_before_discount, discount_amount, line_total,
  line_total_with_discount, line_total_incl_tax, line_total_with_discount_incl_tax
) SELECT n, 1, 'mug', 'Mug', 8, 8, 1, 8, 8, 0, 0, 0, 0, 8, 8, 8, 8 FROM generate_series(1, 10) n;
