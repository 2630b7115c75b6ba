"""Which keys Stripe's objects have, as facts of its API (version 2026-10-28.endive): always there, or null.

Left out are keys that are only there when expanded (`line_items`, `refunds`, `payments`) or only in some states.
"""

NAMES = {
    "checkout.session": """
        id object adaptive_pricing after_expiration allow_promotion_codes amount_subtotal amount_total automatic_tax
        billing_address_collection cancel_url client_reference_id client_secret collected_information consent
        consent_collection created currency currency_conversion custom_fields custom_text customer customer_account
        customer_creation customer_details customer_email discounts expires_at integration_identifier invoice
        invoice_creation livemode locale managed_payments metadata mode origin_context payment_intent payment_link
        payment_method_collection payment_method_configuration_details payment_method_options payment_method_types
        payment_status permissions phone_number_collection recovered_from saved_payment_method_options setup_intent
        shipping_address_collection shipping_cost shipping_options status submit_type subscription success_url
        total_details ui_mode url wallet_options
    """,
    "item": """
        id object adjustable_quantity amount_discount amount_subtotal amount_tax amount_total currency description
        metadata price quantity
    """,
    "payment_intent": """
        id object amount amount_capturable amount_details amount_received application application_fee_amount
        automatic_payment_methods canceled_at cancellation_reason capture_method client_secret confirmation_method
        created currency customer customer_account description excluded_payment_method_types last_payment_error
        latest_charge livemode managed_payments metadata next_action on_behalf_of payment_method
        payment_method_configuration_details payment_method_options payment_method_types processing receipt_email review
        setup_future_usage shipping source statement_descriptor statement_descriptor_suffix status transfer_data
        transfer_group
    """,
    "charge": """
        id object amount amount_captured amount_refunded application application_fee application_fee_amount
        balance_transaction billing_details calculated_statement_descriptor captured created currency customer
        description disputed failure_balance_transaction failure_code failure_message fraud_details livemode metadata
        on_behalf_of outcome paid payment_intent payment_method payment_method_details receipt_email receipt_number
        receipt_url refunded review shipping source source_transfer statement_descriptor statement_descriptor_suffix
        status transfer_data transfer_group
    """,
    "refund": """
        id object amount balance_transaction charge created currency customer customer_account destination_details
        metadata payment_intent payment_method reason receipt_number source_transfer_reversal status transfer_reversal
    """,
    "dispute": """
        id object amount balance_transactions charge created currency enhanced_eligibility_types evidence
        evidence_details is_charge_refundable livemode metadata payment_intent payment_method_details reason status
    """,
    "customer": """
        id object address balance created currency default_source delinquent description discount email invoice_prefix
        invoice_settings livemode metadata name next_invoice_sequence phone preferred_locales shipping tax_exempt
        test_clock
    """,
    "product": """
        id object active created default_price description images livemode marketing_features metadata name
        package_dimensions shippable statement_descriptor tax_code type unit_label updated url
    """,
    "price": """
        id object active billing_scheme created currency custom_unit_amount livemode lookup_key metadata nickname
        product recurring tax_behavior tiers_mode transform_quantity type unit_amount unit_amount_decimal
    """,
    "plan": """
        id object active amount amount_decimal billing_scheme created currency interval interval_count livemode metadata
        meter nickname product tiers_mode transform_usage trial_period_days usage_type
    """,
    "subscription": """
        id object application application_fee_percent automatic_tax billing_cycle_anchor billing_cycle_anchor_config
        billing_mode billing_schedules billing_thresholds cancel_at cancel_at_period_end canceled_at
        cancellation_details collection_method created currency customer customer_account days_until_due
        default_payment_method default_source default_tax_rates description discounts ended_at invoice_settings items
        latest_invoice livemode managed_payments metadata next_pending_invoice_item_invoice on_behalf_of
        pause_collection payment_settings pending_invoice_item_interval pending_setup_intent pending_update schedule
        start_date status test_clock transfer_data trial_end trial_settings trial_start
    """,
    "subscription_item": """
        id object billing_thresholds created current_period_end current_period_start discounts metadata plan price
        quantity subscription tax_rates
    """,
    "invoice": """
        id object account_country account_name account_tax_ids amount_due amount_overpaid amount_paid amount_remaining
        amount_shipping application attempt_count attempted auto_advance automatic_tax automatically_finalizes_at
        billing_reason collection_method created currency custom_fields customer customer_account customer_address
        customer_email customer_name customer_phone customer_shipping customer_tax_exempt customer_tax_ids
        default_payment_method default_source default_tax_rates description discounts due_date effective_at
        ending_balance footer from_invoice hosted_invoice_url invoice_pdf issuer last_finalization_error latest_revision
        lines livemode metadata next_payment_attempt number on_behalf_of parent payment_settings period_end period_start
        post_payment_credit_notes_amount pre_payment_credit_notes_amount receipt_number rendering shipping_cost
        shipping_details starting_balance statement_descriptor status status_transitions subtotal subtotal_excluding_tax
        test_clock total total_discount_amounts total_excluding_tax total_pretax_credit_amounts total_taxes
        webhooks_delivered_at
    """,
    "line_item": """
        id object amount currency description discount_amounts discountable discounts invoice livemode metadata parent
        period pretax_credit_amounts pricing quantity quantity_decimal subscription subtotal taxes
    """,
    "invoice_payment": """
        id object amount_paid amount_requested created currency invoice is_default livemode payment status
        status_transitions
    """,
    "event": "id object api_version created data livemode pending_webhooks request type",
    "list": "object data has_more url",
}

KEYS = {kind: set(names.split()) for kind, names in NAMES.items()}
