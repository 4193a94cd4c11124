from platform_integration.main import main

main()
