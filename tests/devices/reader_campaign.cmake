# Card driver and reader model in one process, the clock in our hands: every fault at every transfer. The chip comes as in
# card_driver.cmake, with only its public names.
pridvor_test(devices_reader_campaign LABEL devices SOURCES devices/reader_campaign_test.c devices/card_bench.c
  devices/reader.c devices/reader_ccid.c devices/reader_desc.c devices/reader_emit.c devices/reader_slot.c
  devices/reader_tpdu.c devices/reader_vpcd.c LIBS drv lib::gio lib::pango lib::jpeg m TIMEOUT 300)
if(TARGET devices_reader_campaign)
  target_sources(devices_reader_campaign PRIVATE ${chip})
  target_compile_definitions(devices_reader_campaign PRIVATE PRIDVOR_CARDS="${CMAKE_CURRENT_SOURCE_DIR}/devices/cards")
  target_link_options(devices_reader_campaign PRIVATE -Wl,--wrap=mono_ms,--wrap=g_timeout_add,--wrap=g_source_remove)
endif()
